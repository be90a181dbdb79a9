pragma circom 2.2.0;

include "circomlib/circuits/poseidon.circom";
include "bits.circom";
include "domains.circom";
include "nonzero.circom";
include "scalar-multiplication.circom";

// R6: ElGamal in the exponent with a Poseidon pad: point = e·G, S = e·auditorKey,
// cipher[i] = message[i] + H(9, S.x, S.y, i). The point is not the identity.
template Escrow(n) {
    signal input e;
    signal input {subgroup} auditorKey[2];
    signal input message[n];
    signal output point[2];
    signal output cipher[n];

    signal {binary} bits[SCALAR_BITS()] <== ToBits(SCALAR_BITS())(e);
    point <== MultiplyGenerator(SCALAR_BITS())(bits);
    NonZero()(point[0]);
    signal {subgroup} shared[2] <== MultiplyPoint(SCALAR_BITS())(bits, auditorKey);

    signal pad[n];
    for (var i = 0; i < n; i++) {
        pad[i] <== Poseidon(4)([DOMAIN_ESCROW_PAD(), shared[0], shared[1], i]);
        cipher[i] <== message[i] + pad[i];
    }
}
