pragma circom 2.2.0;

include "../lib/bits.circom";
include "../lib/document.circom";
include "../lib/domains.circom";
include "../lib/escrow.circom";
include "../lib/membership.circom";
include "../lib/nullifier.circom";
include "../lib/skipped-mask.circom";
include "../lib/tag.circom";

// Statement `register` (protocol section 6): the guarantees R1 to R7 are listed in circuits/README.md with
// the tests that break them. The order of outputs and public inputs below is the order of public signals.
template Register() {
    signal output commitment;
    signal output tag[2];
    signal output nullifier;
    signal output escrowPoint[2];
    signal output escrow[2];

    signal input membersRoot;
    signal input roleMask;
    signal input skippedMask;
    signal input oprfKey[2];
    signal input kind;
    signal input purpose;
    signal input fingerprintId[2];
    signal input mask[2];
    signal input period;
    signal input quota;
    signal input auditorKey[2];
    signal input binding;

    signal input slots[SLOTS()];
    signal input present;
    signal input salt;
    signal input sk;
    signal input role;
    signal input pathSiblings[MEMBERS_DEPTH()];
    signal input pathIndex;
    signal input index;
    signal input elligatorY[2];
    signal input M[2][2];
    signal input c[2];
    signal input s[2];
    signal input e;

    // SAFETY: whoever verifies checks once per key that both lie in the subgroup and are not the identity.
    signal {subgroup} K[2] <== oprfKey;
    signal {subgroup} auditors[2] <== auditorKey;

    signal {binary} presentBits[SLOTS()] <== ToBits(SLOTS())(present);

    component document = DocumentCommitment();
    document.kind <== kind;
    document.present <== present;
    document.presentBits <== presentBits;
    document.slots <== slots;
    document.salt <== salt;
    commitment <== document.commitment;

    component fingerprint[2];
    for (var i = 0; i < 2; i++) {
        fingerprint[i] = FingerprintTag();
        fingerprint[i].fingerprintId <== fingerprintId[i];
        fingerprint[i].mask <== mask[i];
        fingerprint[i].presentBits <== presentBits;
        fingerprint[i].slots <== slots;
        fingerprint[i].oprfKey <== K;
        fingerprint[i].elligatorY <== elligatorY[i];
        fingerprint[i].M <== M[i];
        fingerprint[i].challenge <== c[i];
        fingerprint[i].response <== s[i];
        fingerprint[i].purpose <== purpose;
        tag[i] <== fingerprint[i].tag;
    }
    component skipped = SkippedMask();
    skipped.mask <== skippedMask;
    skipped.presentBits <== presentBits;

    component member = Membership();
    member.sk <== sk;
    member.role <== role;
    member.pathSiblings <== pathSiblings;
    member.pathIndex <== pathIndex;
    member.root <== membersRoot;
    member.roleMask <== roleMask;

    component use = Nullifier();
    use.sk <== sk;
    use.period <== period;
    use.index <== index;
    use.quota <== quota;
    nullifier <== use.nullifier;

    component auditing = Escrow(2);
    auditing.e <== e;
    auditing.auditorKey <== auditors;
    auditing.message <== [salt, member.memberId];
    escrowPoint <== auditing.point;
    escrow <== auditing.cipher;

    // R7: a square, because an input in no constraint could be exchanged in a finished proof.
    signal bindingSquare <== binding * binding;
}
