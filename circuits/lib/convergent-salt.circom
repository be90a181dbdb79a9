pragma circom 2.2.0;

include "circomlib/circuits/poseidon.circom";

function DOMAIN_CONVERGENT_SALT() { return 11; }

// With `enabled`: salt = H(11, documentKey, nullifier), which whoever holds the document can compute.
template ConvergentSalt() {
    signal input {binary} enabled;
    signal input documentKey;
    signal input nullifier;
    signal input salt;

    signal convergent <== Poseidon(3)([DOMAIN_CONVERGENT_SALT(), documentKey, nullifier]);
    enabled * (convergent - salt) === 0;
}
