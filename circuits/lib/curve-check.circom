pragma circom 2.2.0;

include "circomlib/circuits/babyjub.circom";

// Passes on a point that satisfies the equation of Baby Jubjub; unsatisfiable for any other pair.
template CurveCheck() {
    signal input in[2];
    signal output {onCurve} out[2];

    component check = BabyCheck();
    check.x <== in[0];
    check.y <== in[1];

    out <== in;
}
