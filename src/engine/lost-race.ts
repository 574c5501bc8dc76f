/** Another process was first to start or lease the run; not an error, look again. */
export class LostRace extends Error {
  constructor() {
    super('another process was first');
    this.name = 'LostRace';
  }
}
