pragma circom 2.2.0;

include "circomlib/circuits/mux4.circom";
include "circomlib/circuits/poseidon.circom";
include "bits.circom";
include "domains.circom";
include "merkle-path.circom";

// R4: H(7, memberId, role) is a leaf under `root`, memberId = H(6, sk), and bit `role` of roleMask is 1.
template Membership() {
    signal input sk;
    signal input role;
    signal input pathSiblings[MEMBERS_DEPTH()];
    signal input pathIndex;
    signal input root;
    signal input roleMask;
    signal output memberId;

    memberId <== Poseidon(2)([DOMAIN_MEMBER_ID(), sk]);
    signal leaf <== Poseidon(3)([DOMAIN_MEMBER_LEAF(), memberId, role]);
    signal {binary} indexBits[MEMBERS_DEPTH()] <== ToBits(MEMBERS_DEPTH())(pathIndex);
    signal computedRoot <== MerklePath(MEMBERS_DEPTH())(leaf, pathSiblings, indexBits);
    computedRoot === root;

    signal {binary} allowed[16] <== ToBits(16)(roleMask);
    signal {binary} roleBits[4] <== ToBits(4)(role);
    signal roleAllowed <== Mux4()(allowed, roleBits);
    roleAllowed === 1;
}
