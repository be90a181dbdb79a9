pragma circom 2.2.0;

include "circomlib/circuits/comparators.circom";
include "bits.circom";
include "domains.circom";
// SET_DEPTH.
include "element-identity.circom";
include "merkle-path.circom";
include "scalar-rule.circom";

// Which slots a rule about sets compares. `rule` has 9 bits, least significant first: on 1, slotA 4, slotB 4.
template SetRuleSlots() {
    signal input rule;
    signal input slotsA[SLOTS()];
    signal input {binary} presentA[SLOTS()];
    signal input slotsB[SLOTS()];
    signal input {binary} presentB[SLOTS()];
    signal output valueA;
    signal output valueB;
    signal output {binary} comparable;

    signal {binary} bits[9] <== ToBits(9)(rule);
    component A = SelectSlot();
    A.slots <== slotsA;
    A.presentBits <== presentA;
    component B = SelectSlot();
    B.slots <== slotsB;
    B.presentBits <== presentB;
    for (var i = 0; i < 4; i++) {
        A.index[i] <== bits[1 + i];
        B.index[i] <== bits[5 + i];
    }
    valueA <== A.value;
    valueB <== B.value;
    signal present <== A.present * B.present;
    // SAFETY: a product of bits.
    comparable <== present * bits[0];
}

// `element` is a leaf, other than the padding 0, of the set with this root, where `claimed`.
template ElementOfSet() {
    signal input {binary} claimed;
    signal input root;
    signal input element;
    signal input siblings[SET_DEPTH()];
    signal input index;

    signal {binary} indexBits[SET_DEPTH()] <== ToBits(SET_DEPTH())(index);
    signal computed <== MerklePath(SET_DEPTH())(element, siblings, indexBits);
    claimed * (computed - root) === 0;
    signal padding <== IsZero()(element);
    claimed * padding === 0;
}
