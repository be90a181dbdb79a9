/**
 * Upper-case Cyrillic and Greek letters that look like Latin letters or digits: the single-character rows of
 * UTS #39 (Unicode 16.0, confusables.txt) for these two scripts, after upper-casing. Frozen with `canon 1`:
 * an addition is a new version of the canonical form.
 */
const PAIRS =
  // Cyrillic
  'АA ВB СC ЕE НH ІI ЈJ КK МM ОO РP ЅS ТT ѴV ХX УY ҮY ԌG ԚQ ԜW З3 ӀI ҺH ЬB ' +
  // Greek
  'ΑA ΒB ϹC ΕE ΗH ΙI ͿJ ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX ΖZ ϜF ϺM';

const LATIN: ReadonlyMap<string, string> = new Map(
  PAIRS.split(' ').map((pair) => [...pair] as [string, string]),
);

/** Replaces Cyrillic and Greek look-alikes in upper-case text by the Latin characters that they resemble. */
export function foldLookAlikes(upperCaseText: string): string {
  let out = '';
  for (const character of upperCaseText) out += LATIN.get(character) ?? character;
  return out;
}
