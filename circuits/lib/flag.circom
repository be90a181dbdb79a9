pragma circom 2.2.0;

// Passes on 0 or 1; unsatisfiable for anything else.
template Flag() {
    signal input in;
    signal output {binary} out;

    in * (in - 1) === 0;
    out <== in;
}
