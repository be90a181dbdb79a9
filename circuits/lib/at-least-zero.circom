pragma circom 2.2.0;

include "bits.circom";

// Whether an integer d of -2^n <= d < 2^n, given modulo p, is not negative; unsatisfiable for other values.
template AtLeastZero(n) {
    assert(n <= 252);
    signal input in;
    signal output {binary} out;

    signal {binary} bits[n + 1] <== ToBits(n + 1)(in + 2 ** n);
    out <== bits[n];
}
