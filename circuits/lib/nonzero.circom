pragma circom 2.2.0;

// in != 0: it has an inverse.
template NonZero() {
    signal input in;

    signal inverse <-- in != 0 ? 1 / in : 0;
    in * inverse === 1;
}
