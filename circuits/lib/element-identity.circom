pragma circom 2.2.0;

include "circomlib/circuits/comparators.circom";
include "circomlib/circuits/poseidon.circom";
include "bits.circom";
include "domains.circom";
include "merkle-path.circom";

// Depth of the tree of a set slot, and where the set slots and the class code are (protocol section 4).
function SET_DEPTH() { return 6; }
function SLOT_REFERENCES() { return 2; }
function SLOT_LINES() { return 8; }
function SLOT_OBJECTS() { return 10; }
function SLOT_CLASS_CODE() { return 11; }

// The identity H(3, fingerprintId, H(element, classCode)) of one element of a set slot, with classCode 0 where the
// mask does not have it. With `enabled`: the mask is one set slot, or one set slot and the class code; `element` is a
// leaf of that slot's tree and not 0, which pads the tree. Without, nothing is asked, and the identity is anything.
template ElementIdentity() {
    signal input {binary} enabled;
    signal input fingerprintId;
    signal input mask;
    signal input slots[SLOTS()];
    signal input element;
    signal input pathSiblings[SET_DEPTH()];
    signal input pathIndex;
    signal output identity;

    signal {binary} maskBits[SLOTS()] <== ToBits(SLOTS())(mask);
    var sets = maskBits[SLOT_REFERENCES()] + maskBits[SLOT_LINES()] + maskBits[SLOT_OBJECTS()];
    var others = 0;
    for (var i = 0; i < SLOTS(); i++) {
        others += maskBits[i];
    }
    others -= sets + maskBits[SLOT_CLASS_CODE()];
    enabled * (sets - 1) === 0;
    enabled * others === 0;

    signal references <== maskBits[SLOT_REFERENCES()] * slots[SLOT_REFERENCES()];
    signal lines <== maskBits[SLOT_LINES()] * slots[SLOT_LINES()];
    signal objects <== maskBits[SLOT_OBJECTS()] * slots[SLOT_OBJECTS()];
    signal {binary} indexBits[SET_DEPTH()] <== ToBits(SET_DEPTH())(pathIndex);
    signal root <== MerklePath(SET_DEPTH())(element, pathSiblings, indexBits);
    enabled * (root - references - lines - objects) === 0;
    signal padding <== IsZero()(element);
    enabled * padding === 0;

    signal classCode <== maskBits[SLOT_CLASS_CODE()] * slots[SLOT_CLASS_CODE()];
    signal inner <== Poseidon(2)([element, classCode]);
    identity <== Poseidon(3)([DOMAIN_IDENTITY(), fingerprintId, inner]);
}
