// What is used of ts-fsrs.

interface Memory {
  due: Date;
  stability: number;
  difficulty: number;
  scheduled_days: number;
  reps: number;
  lapses: number;
  /** 0 new, 1 learning, 2 review, 3 relearning. */
  state: number;
}

export interface ReviewedMemory extends Memory {
  last_review: Date;
}

interface Scheduler {
  /** `grade` is 1 again, 2 hard, 3 good, 4 easy. */
  next(card: Memory, now: Date, grade: number): { card: ReviewedMemory };
  get_retrievability(card: Memory, now: Date, format: false): number;
}

export const tsFsrs: {
  fsrs(parameters: { request_retention: number; enable_fuzz: boolean }): Scheduler;
  createEmptyCard(now: Date): Memory;
};
