pragma circom 2.2.0;

include "circomlib/circuits/poseidon.circom";
include "domains.circom";

// R1: the commitment H(2, kind, present, H(slots), salt) of a document whose absent slots are 0.
template DocumentCommitment() {
    signal input kind;
    signal input present;
    signal input {binary} presentBits[SLOTS()];
    signal input slots[SLOTS()];
    signal input salt;
    signal output commitment;

    for (var i = 0; i < SLOTS(); i++) {
        slots[i] * (1 - presentBits[i]) === 0;
    }
    signal slotsHash <== Poseidon(16)(slots);
    commitment <== Poseidon(5)([DOMAIN_COMMITMENT(), kind, present, slotsHash, salt]);
}
