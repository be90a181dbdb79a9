/** Does something, and answers how many turns the event loop took meanwhile. */
export async function loopTurns(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let on = true;
  const watch = () => {
    turns++;
    if (on) setImmediate(watch);
  };
  watch();
  await work();
  on = false;
  return turns;
}
