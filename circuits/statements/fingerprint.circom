pragma circom 2.2.0;

include "../lib/bits.circom";
include "../lib/convergent-salt.circom";
include "../lib/document.circom";
include "../lib/domains.circom";
include "../lib/element-identity.circom";
include "../lib/evaluation.circom";
include "../lib/flag.circom";
include "../lib/identity.circom";
include "../lib/membership.circom";

// Statement `fingerprint` (protocol section 9): one more fingerprint of a document whose commitment is on the ledger.
// The guarantees F1 to F7 are listed in circuits/README.md with the tests that break them. The order of the output and
// the public inputs below is the order of public signals.
template Fingerprint() {
    signal output tag;

    signal input commitment;
    signal input kind;
    signal input purpose;
    signal input fingerprintId;
    signal input mask;
    signal input ofElement;
    signal input oprfKey[2];
    signal input membersRoot;
    signal input roleMask;
    signal input convergent;
    signal input nullifier;
    signal input binding;

    signal input slots[SLOTS()];
    signal input present;
    signal input salt;
    signal input sk;
    signal input role;
    signal input pathSiblings[MEMBERS_DEPTH()];
    signal input pathIndex;
    signal input element;
    signal input elementSiblings[SET_DEPTH()];
    signal input elementIndex;
    signal input elligatorY;
    signal input M[2];
    signal input c;
    signal input s;

    // SAFETY: whoever verifies checks once per key that it lies in the subgroup and is not the identity.
    signal {subgroup} K[2] <== oprfKey;

    signal {binary} presentBits[SLOTS()] <== ToBits(SLOTS())(present);
    component document = DocumentCommitment();
    document.kind <== kind;
    document.present <== present;
    document.presentBits <== presentBits;
    document.slots <== slots;
    document.salt <== salt;
    commitment === document.commitment;

    signal {binary} elementFlag <== Flag()(ofElement);
    signal ofSlots <== Identity()(fingerprintId, mask, presentBits, slots);
    component one = ElementIdentity();
    one.enabled <== elementFlag;
    one.fingerprintId <== fingerprintId;
    one.mask <== mask;
    one.slots <== slots;
    one.element <== element;
    one.pathSiblings <== elementSiblings;
    one.pathIndex <== elementIndex;
    signal identity <== ofSlots + elementFlag * (one.identity - ofSlots);

    signal documentKey <== Evaluation()(identity, elligatorY, K, M, c, s);
    tag <== Poseidon(3)([DOMAIN_TAG(), documentKey, purpose]);

    signal {binary} convergentFlag <== Flag()(convergent);
    component convergence = ConvergentSalt();
    convergence.enabled <== convergentFlag;
    convergence.documentKey <== documentKey;
    convergence.nullifier <== nullifier;
    convergence.salt <== salt;

    component member = Membership();
    member.sk <== sk;
    member.role <== role;
    member.pathSiblings <== pathSiblings;
    member.pathIndex <== pathIndex;
    member.root <== membersRoot;
    member.roleMask <== roleMask;

    // F7: a square, because an input in no constraint could be exchanged in a finished proof.
    signal bindingSquare <== binding * binding;
}
