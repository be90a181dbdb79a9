pragma circom 2.2.0;

include "circomlib/circuits/escalarmulany.circom";
include "circomlib/circuits/escalarmulfix.circom";

// scalar·G for the subgroup's generator G = Base8 of EIP-2494.
//
// circomlib adds multiples of G in windows of three bits on the Montgomery form. For n = 251 its accumulator is
// 2^250 + t, t < 2^247, before a window that adds w <= 2^249: never equal modulo l, so every slope is unique.
// They are opposite for one value of the low 249 bits, which has no witness: a random scalar never meets it.
template MultiplyGenerator(n) {
    // circomlib's segments of 249 bits do not add up for 247 to 249.
    assert(n <= 246 || (n >= 250 && n <= 251));
    signal input {binary} scalar[n];
    signal output {subgroup} out[2];

    var GENERATOR[2] = [
        5299619240641551281634865583518297030282874472190772894086521144482721001553,
        16950150798460657717958625567821834550301663161624707787222815936182638968203
    ];
    out <== EscalarMulFix(n, GENERATOR)(scalar);
}

// scalar·point for a point of the prime-order subgroup, the identity included.
//
// circomlib's gadget must not see any other point: for (0, -1) it gives the identity whatever the scalar, and
// points of order 4 and 8 have no witness. On the subgroup it is complete: within a segment of 148 bits it adds
// 2^i·point to an odd multiple below 2^i, which are neither equal nor opposite because 2^149 < l, and the sum
// of the segments is a complete Edwards addition.
template MultiplyPoint(n) {
    assert(n <= 251);
    signal input {binary} scalar[n];
    signal input {subgroup} point[2];
    signal output {subgroup} out[2];

    out <== EscalarMulAny(n)(scalar, point);
}
