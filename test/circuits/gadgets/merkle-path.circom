pragma circom 2.2.0;
include "../../../circuits/lib/bits.circom";
include "../../../circuits/lib/merkle-path.circom";
template Main() {
    signal input leaf;
    signal input siblings[2];
    signal input index;
    signal input root;
    signal computed <== MerklePath(2)(leaf, siblings, ToBits(2)(index));
    computed === root;
}
component main = Main();
