pragma circom 2.2.0;

include "circomlib/circuits/poseidon.circom";
include "../lib/bits.circom";
include "../lib/document.circom";
include "../lib/domains.circom";
include "../lib/flag.circom";
include "../lib/headroom.circom";
// SelectSlot.
include "../lib/scalar-rule.circom";

function AMOUNT_BITS() { return 64; }

// Statement `drawdown` (protocol section 10): a chain of draws is opened at what a document states, or one more draw is
// taken from it. The guarantees D1 to D6 are listed in circuits/README.md with the tests that break them. The order of
// outputs and public inputs below is the order of public signals.
template Drawdown() {
    signal output w;
    signal output headroom;
    signal output pad;

    signal input opening;
    signal input commitment;
    signal input kind;
    signal input slot;
    signal input capacity;
    signal input chain;
    signal input wPrevious;
    signal input headroomPrevious;
    signal input binding;

    signal input key;
    // Of a draw.
    signal input x;
    signal input blind;
    signal input remainingPrevious;
    // Of an opening.
    signal input slots[SLOTS()];
    signal input present;
    signal input salt;

    signal {binary} isOpening <== Flag()(opening);
    // What only the other of the two has is 0, so that nothing can be exchanged in a finished proof.
    (1 - isOpening) * kind === 0;
    (1 - isOpening) * slot === 0;
    isOpening * wPrevious === 0;
    isOpening * x === 0;

    signal ownChain <== Poseidon(3)([DOMAIN_TAG(), key, capacity]);
    chain === ownChain;

    signal {binary} presentBits[SLOTS()] <== ToBits(SLOTS())(present);
    component document = DocumentCommitment();
    document.kind <== kind;
    document.present <== present;
    document.presentBits <== presentBits;
    document.slots <== slots;
    document.salt <== salt;
    commitment === isOpening * document.commitment;
    component slotIndex = ToBits(4);
    slotIndex.in <== slot;
    component stated = SelectSlot();
    stated.slots <== slots;
    stated.presentBits <== presentBits;
    stated.index <== slotIndex.out;
    isOpening * (1 - stated.present) === 0;

    component previous = Headroom();
    previous.chain <== chain;
    previous.key <== key;
    previous.w <== wPrevious;
    previous.remaining <== remainingPrevious;
    headroomPrevious === (1 - isOpening) * previous.headroom;

    // All in 64 bits, and x at least 1 in a draw: nothing wraps around p.
    signal before <== remainingPrevious + isOpening * (stated.value - remainingPrevious);
    signal remaining <== before - x;
    component beforeInRange = ToBits(AMOUNT_BITS());
    beforeInRange.in <== before;
    component remainingInRange = ToBits(AMOUNT_BITS());
    remainingInRange.in <== remaining;
    component drawnInRange = ToBits(AMOUNT_BITS());
    drawnInRange.in <== x - 1 + isOpening;

    signal draw <== Poseidon(3)([DOMAIN_DRAW(), x, blind]);
    w <== draw + isOpening * (chain - draw);
    component next = Headroom();
    next.chain <== chain;
    next.key <== key;
    next.w <== w;
    next.remaining <== remaining;
    headroom <== next.headroom;
    signal padding <== Poseidon(3)([DOMAIN_HEADROOM_PAD(), key, w]);
    pad <== remaining + padding;

    // D6: a square, because an input in no constraint could be exchanged in a finished proof.
    signal bindingSquare <== binding * binding;
}
