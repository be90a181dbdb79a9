pragma circom 2.2.0;

include "circomlib/circuits/poseidon.circom";
include "bits.circom";
include "domains.circom";

// R5: nullifier = H(8, sk, period, index) with 0 <= index < quota <= 2^16.
template Nullifier() {
    signal input sk;
    signal input period;
    signal input index;
    signal input quota;
    signal output nullifier;

    // With index and quota - 1 in 16 bits their difference lies in (-2^16, 2^16), and its 16 bits exist if and
    // only if it is not negative.
    signal {binary} indexBits[INDEX_BITS()] <== ToBits(INDEX_BITS())(index);
    signal {binary} lastBits[INDEX_BITS()] <== ToBits(INDEX_BITS())(quota - 1);
    signal {binary} restBits[INDEX_BITS()] <== ToBits(INDEX_BITS())(quota - 1 - index);

    nullifier <== Poseidon(4)([DOMAIN_NULLIFIER(), sk, period, index]);
}
