pragma circom 2.2.0;

include "circomlib/circuits/poseidon.circom";

// The root of a tree of nodes H(left, right) from a leaf and its path, the leaf's level first. Bit i of the
// leaf's index is 1 where the node of level i is a right child.
template MerklePath(depth) {
    signal input leaf;
    signal input siblings[depth];
    signal input {binary} indexBits[depth];
    signal output root;

    signal node[depth + 1];
    signal left[depth];
    node[0] <== leaf;
    for (var i = 0; i < depth; i++) {
        left[i] <== node[i] + indexBits[i] * (siblings[i] - node[i]);
        node[i + 1] <== Poseidon(2)([left[i], node[i] + siblings[i] - left[i]]);
    }
    root <== node[depth];
}
