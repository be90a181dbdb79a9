pragma circom 2.2.0;

include "circomlib/circuits/comparators.circom";
include "circomlib/circuits/mux4.circom";
include "at-least-zero.circom";
include "bits.circom";
include "domains.circom";

// Slot `index` (4 bits) of a document, and whether it is present.
template SelectSlot() {
    signal input slots[SLOTS()];
    signal input {binary} presentBits[SLOTS()];
    signal input {binary} index[4];
    signal output value;
    signal output {binary} present;

    value <== Mux4()(slots, index);
    // SAFETY: one of sixteen bits.
    present <== Mux4()(presentBits, index);
}

// One comparison of a slot of A with a slot of B (protocol section 8). `rule` has 32 bits, least significant first:
// op 3, slotA 4, slotB 4, sign 1, magnitude 20; t is the magnitude in parts per million with that sign.
//
// op 0 off; 1 equal; 2 at most: A <= B; 3 less than: A < B; 4 within: |A - B|·10^6 <= t·B;
// 5 at least: A·10^6 >= B·(10^6 + t). Others are unsatisfiable. For 2 to 5 both values must be below 2^64, whether
// present or not; an absent slot is 0. `comparable`: the rule is not off and both slots are present.
template ScalarRule() {
    signal input rule;
    signal input slotsA[SLOTS()];
    signal input {binary} presentA[SLOTS()];
    signal input slotsB[SLOTS()];
    signal input {binary} presentB[SLOTS()];
    signal output {binary} comparable;
    signal output {binary} pass;

    var UNIT = 1000000;
    // |differences| < 2^64·(10^6 + 2^20) < 2^86.
    var DIFFERENCE_BITS = 86;

    signal {binary} bits[32] <== ToBits(32)(rule);
    component A = SelectSlot();
    A.slots <== slotsA;
    A.presentBits <== presentA;
    component B = SelectSlot();
    B.slots <== slotsB;
    B.presentBits <== presentB;
    var magnitude = 0;
    for (var i = 0; i < 20; i++) {
        magnitude += bits[12 + i] * 2 ** i;
    }
    for (var i = 0; i < 4; i++) {
        A.index[i] <== bits[3 + i];
        B.index[i] <== bits[7 + i];
    }
    signal t <== (1 - 2 * bits[11]) * magnitude;

    bits[2] * bits[1] === 0;
    signal low <== bits[1] * bits[0];
    signal high <== bits[2] * bits[0];
    // One of them is 1, or none where the rule is off.
    signal isEqual <== bits[0] - low - high;
    signal isAtMost <== bits[1] - low;
    signal isLess <== low;
    signal isWithin <== bits[2] - high;
    signal isAtLeast <== high;
    signal ordered <== isAtMost + isLess + isWithin + isAtLeast;

    signal a <== ordered * A.value;
    signal b <== ordered * B.value;
    signal {binary} aBits[64] <== ToBits(64)(a);
    signal {binary} bBits[64] <== ToBits(64)(b);

    // Upper bound of A: b - a, b - a - 1, or b·(10^6 + t) - a·10^6. Lower: a·10^6 - b·(10^6 - t), or a·10^6 - b·(10^6 + t).
    signal bt <== b * t;
    signal scaled <== isWithin * ((UNIT - 1) * (b - a) + bt);
    signal upper <== (isAtMost + isLess + isWithin) * (b - a);
    signal {binary} below <== AtLeastZero(DIFFERENCE_BITS)(upper + scaled - isLess);
    signal signedShare <== (isWithin - isAtLeast) * bt;
    signal lower <== (isWithin + isAtLeast) * (UNIT * (a - b));
    signal {binary} above <== AtLeastZero(DIFFERENCE_BITS)(lower + signedShare);

    signal equal <== IsEqual()([A.value, B.value]);
    // A bound that the op does not have holds, because its difference is 0.
    signal both <== below * above;
    signal equals <== isEqual * equal;
    signal holds <== ordered * both + equals;
    signal present <== A.present * B.present;
    // SAFETY: products of bits, and sums of bits of which at most one is 1.
    comparable <== present * (ordered + isEqual);
    pass <== comparable * holds;
}
