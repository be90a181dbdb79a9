pragma circom 2.2.0;

include "circomlib/circuits/comparators.circom";
include "bits.circom";
include "domains.circom";

// A mask that is not 0 has a slot that is absent: nobody skips a fingerprint that the document could give.
template SkippedMask() {
    signal input mask;
    signal input {binary} presentBits[SLOTS()];

    signal {binary} maskBits[SLOTS()] <== ToBits(SLOTS())(mask);
    signal missing[SLOTS()];
    var count = 0;
    for (var i = 0; i < SLOTS(); i++) {
        missing[i] <== maskBits[i] * (1 - presentBits[i]);
        count += missing[i];
    }
    signal nothingSkipped <== IsZero()(mask);
    signal nothingMissing <== IsZero()(count);
    (1 - nothingSkipped) * nothingMissing === 0;
}
