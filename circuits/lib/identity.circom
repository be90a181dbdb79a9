pragma circom 2.2.0;

include "circomlib/circuits/poseidon.circom";
include "bits.circom";
include "domains.circom";

// The identity H(3, fingerprintId, H(slots AND mask)); every slot of the mask is present.
template Identity() {
    signal input fingerprintId;
    signal input mask;
    signal input {binary} presentBits[SLOTS()];
    signal input slots[SLOTS()];
    signal output identity;

    signal {binary} maskBits[SLOTS()] <== ToBits(SLOTS())(mask);
    signal masked[SLOTS()];
    for (var i = 0; i < SLOTS(); i++) {
        maskBits[i] * (1 - presentBits[i]) === 0;
        masked[i] <== maskBits[i] * slots[i];
    }
    signal maskedHash <== Poseidon(16)(masked);
    identity <== Poseidon(3)([DOMAIN_IDENTITY(), fingerprintId, maskedHash]);
}
