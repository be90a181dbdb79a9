pragma circom 2.2.0;

include "circomlib/circuits/poseidon.circom";
include "domains.circom";
include "evaluation.circom";
include "identity.circom";

// R2, R3 for one fingerprint of a document: the tag H(5, document key, purpose).
template FingerprintTag() {
    signal input fingerprintId;
    signal input mask;
    signal input {binary} presentBits[SLOTS()];
    signal input slots[SLOTS()];
    signal input {subgroup} oprfKey[2];
    signal input elligatorY;
    signal input M[2];
    signal input challenge;
    signal input response;
    signal input purpose;
    signal output tag;

    signal identity <== Identity()(fingerprintId, mask, presentBits, slots);
    signal documentKey <== Evaluation()(identity, elligatorY, oprfKey, M, challenge, response);
    tag <== Poseidon(3)([DOMAIN_TAG(), documentKey, purpose]);
}
