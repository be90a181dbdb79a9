pragma circom 2.2.0;

include "circomlib/circuits/babyjub.circom";
include "circomlib/circuits/bitify.circom";
include "circomlib/circuits/poseidon.circom";
include "bits.circom";
include "domains.circom";
include "scalar-multiplication.circom";

// A Chaum-Pedersen proof (c, s) that log_G K = log_P N:
// R1 = s·G + c·K, R2 = s·P + c·N, c = the low 128 bits of H(10, K, P, N, R1, R2).
//
// s is below 2^251, not below l: s and s + l give the same R1 and R2, and nothing public depends on which.
template EqualDiscreteLogs() {
    signal input {subgroup} K[2];
    signal input {subgroup} P[2];
    signal input {subgroup} N[2];
    signal input challenge;
    signal input response;

    signal {binary} c[CHALLENGE_BITS()] <== ToBits(CHALLENGE_BITS())(challenge);
    signal {binary} s[SCALAR_BITS()] <== ToBits(SCALAR_BITS())(response);

    signal {subgroup} sG[2] <== MultiplyGenerator(SCALAR_BITS())(s);
    signal {subgroup} cK[2] <== MultiplyPoint(CHALLENGE_BITS())(c, K);
    signal {subgroup} sP[2] <== MultiplyPoint(SCALAR_BITS())(s, P);
    signal {subgroup} cN[2] <== MultiplyPoint(CHALLENGE_BITS())(c, N);
    component R1 = BabyAdd();
    R1.x1 <== sG[0];
    R1.y1 <== sG[1];
    R1.x2 <== cK[0];
    R1.y2 <== cK[1];
    component R2 = BabyAdd();
    R2.x1 <== sP[0];
    R2.y1 <== sP[1];
    R2.x2 <== cN[0];
    R2.y2 <== cN[1];

    signal hash <== Poseidon(11)([
        DOMAIN_DLEQ_CHALLENGE(), K[0], K[1], P[0], P[1], N[0], N[1], R1.xout, R1.yout, R2.xout, R2.yout
    ]);
    // All 254 bits, strictly: without it the prover would choose between the bits of hash and of hash + p.
    signal hashBits[254] <== Num2Bits_strict()(hash);
    var low = 0;
    for (var i = 0; i < CHALLENGE_BITS(); i++) {
        low += hashBits[i] * 2 ** i;
    }
    challenge === low;
}
