pragma circom 2.2.0;

include "circomlib/circuits/poseidon.circom";

// Of protocol section 10; the same numbers stand in src/crypto/poseidon.ts.
function DOMAIN_HEADROOM() { return 12; }
function DOMAIN_DRAW() { return 13; }
function DOMAIN_HEADROOM_BLIND() { return 14; }
function DOMAIN_HEADROOM_PAD() { return 17; }

// headroom = H(12, chain, remaining, H(14, key, w)): what is left after the draw w, for those to see who know the key.
template Headroom() {
    signal input chain;
    signal input key;
    signal input w;
    signal input remaining;
    signal output headroom;

    signal blind <== Poseidon(3)([DOMAIN_HEADROOM_BLIND(), key, w]);
    headroom <== Poseidon(4)([DOMAIN_HEADROOM(), chain, remaining, blind]);
}
