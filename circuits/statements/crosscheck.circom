pragma circom 2.2.0;

include "../lib/bits.circom";
include "../lib/document.circom";
include "../lib/domains.circom";
include "../lib/flag.circom";
include "../lib/scalar-rule.circom";
include "../lib/set-rule.circom";

function SCALAR_RULES() { return 8; }

// Statement `crosscheck` (protocol section 8): what rules say of two documents whose commitments the prover opens. The
// guarantees C1 to C5 are listed in circuits/README.md with the tests that break them. The order of outputs and public
// inputs below is the order of public signals.
template Crosscheck() {
    signal output pass;
    signal output comparable;

    signal input commitment[2];
    signal input kind[2];
    signal input rule[SCALAR_RULES()];
    signal input setRule[2];
    signal input binding;

    signal input slots[2][SLOTS()];
    signal input present[2];
    signal input salt[2];
    // Of the first set rule: an element of both sets. Of the second: the place of A's slot in B's set.
    signal input shown[2];
    signal input element;
    signal input elementSiblings[3][SET_DEPTH()];
    signal input elementIndex[3];

    signal {binary} presentBits[2][SLOTS()];
    component document[2];
    for (var d = 0; d < 2; d++) {
        presentBits[d] <== ToBits(SLOTS())(present[d]);
        document[d] = DocumentCommitment();
        document[d].kind <== kind[d];
        document[d].present <== present[d];
        document[d].presentBits <== presentBits[d];
        document[d].slots <== slots[d];
        document[d].salt <== salt[d];
        commitment[d] === document[d].commitment;
    }

    var passed = 0;
    var compared = 0;
    component scalar[SCALAR_RULES()];
    for (var i = 0; i < SCALAR_RULES(); i++) {
        scalar[i] = ScalarRule();
        scalar[i].rule <== rule[i];
        scalar[i].slotsA <== slots[0];
        scalar[i].presentA <== presentBits[0];
        scalar[i].slotsB <== slots[1];
        scalar[i].presentB <== presentBits[1];
        passed += scalar[i].pass * 2 ** i;
        compared += scalar[i].comparable * 2 ** i;
    }

    component sets[2];
    signal {binary} shownFlag[2];
    for (var i = 0; i < 2; i++) {
        sets[i] = SetRuleSlots();
        sets[i].rule <== setRule[i];
        sets[i].slotsA <== slots[0];
        sets[i].presentA <== presentBits[0];
        sets[i].slotsB <== slots[1];
        sets[i].presentB <== presentBits[1];
        shownFlag[i] <== Flag()(shown[i]);
        shownFlag[i] * (1 - sets[i].comparable) === 0;
        passed += shownFlag[i] * 2 ** (SCALAR_RULES() + i);
        compared += sets[i].comparable * 2 ** (SCALAR_RULES() + i);
    }
    component member[3];
    for (var j = 0; j < 3; j++) {
        member[j] = ElementOfSet();
        member[j].claimed <== shownFlag[j == 2 ? 1 : 0];
        member[j].root <== j == 0 ? sets[0].valueA : sets[j - 1].valueB;
        member[j].element <== j == 2 ? sets[1].valueA : element;
        member[j].siblings <== elementSiblings[j];
        member[j].index <== elementIndex[j];
    }

    pass <== passed;
    comparable <== compared;

    // C5: a square, because an input in no constraint could be exchanged in a finished proof.
    signal bindingSquare <== binding * binding;
}
