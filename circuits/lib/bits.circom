pragma circom 2.2.0;

include "circomlib/circuits/bitify.circom";

// The n bits of `in`, least significant first; unsatisfiable unless in < 2^n.
//
// Canonical because 2^n <= 2^253 < p: no second bit string of this length has the same value modulo p.
// Where all 254 bits of an arbitrary element are needed, `Num2Bits_strict` is the one to use.
template ToBits(n) {
    assert(n >= 1 && n <= 253);
    signal input in;
    signal output {binary} out[n];

    out <== Num2Bits(n)(in);
}
