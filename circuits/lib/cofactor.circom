pragma circom 2.2.0;

include "circomlib/circuits/babyjub.circom";
include "nonzero.circom";

// 8·in, not the identity. Whatever order `in` has, the result lies in the subgroup of prime order l.
//
// The caller must have put `in` on the curve. There BabyAdd is complete (a is a square and d is not), so its
// two denominators are never 0 and its quotients are unique. In the subgroup only the identity has x = 0.
template ClearCofactor() {
    signal input {onCurve} in[2];
    signal output {subgroup} out[2];

    component double[3];
    for (var i = 0; i < 3; i++) {
        double[i] = BabyDbl();
        double[i].x <== i == 0 ? in[0] : double[i - 1].xout;
        double[i].y <== i == 0 ? in[1] : double[i - 1].yout;
    }
    component notIdentity = NonZero();
    notIdentity.in <== double[2].xout;

    out <== [double[2].xout, double[2].yout];
}
