import { describe, expect, it } from "vitest";
import { Heights, MAX_HEIGHT, ScrollMap } from "./scroll";

describe("Heights", () => {
  it("is plain arithmetic while nothing is measured", () => {
    const heights = new Heights(18);
    heights.count = 1_000_000;
    expect(heights.total).toBe(18_000_000);
    expect(heights.top(500_000)).toBe(9_000_000);
    expect(heights.at(9_000_017)).toBe(500_000);
    expect(heights.at(99_000_000)).toBe(999_999);
    expect(heights.at(-5)).toBe(0);
  });

  it("agrees with adding up, after random measuring and growth", () => {
    const heights = new Heights(18);
    const real: number[] = [];
    let seed = 7;
    const random = (below: number) => (seed = (seed * 48271) % 2147483647) % below;
    for (let round = 0; round < 60; round++) {
      const more = random(120);
      for (let i = 0; i < more; i++) real.push(18);
      heights.count = real.length;
      for (let i = 0; i < 20 && real.length > 0; i++) {
        const index = random(real.length);
        const height = 18 * (1 + random(9));
        heights.measure(index, height);
        real[index] = height;
      }
    }
    let sum = 0;
    for (let i = 0; i < real.length; i++) {
      expect(heights.top(i)).toBeCloseTo(sum);
      expect(heights.at(sum)).toBe(i);
      expect(heights.at(sum + (real[i] ?? 0) - 1)).toBe(i);
      sum += real[i] ?? 0;
    }
    expect(heights.total).toBeCloseTo(sum);
  });

  it("says by how much a measurement changed the whole", () => {
    const heights = new Heights(18);
    heights.count = 10;
    expect(heights.measure(3, 54)).toBe(36);
    expect(heights.measure(3, 36)).toBe(-18);
    expect(heights.measure(3, 36)).toBe(0);
    expect(heights.measure(99, 36)).toBe(0);
  });
});

describe("ScrollMap", () => {
  it("is the identity for content that fits an element", () => {
    const map = new ScrollMap();
    map.resize(100_000, 500);
    map.scrolled(1234);
    expect(map.position).toBe(1234);
    expect(map.height).toBe(100_000);
    expect(map.shift).toBe(0);
    map.scrolled(99_500);
    expect(map.atEnd).toBe(true);
  });

  it("covers a million lines within the limit, both ends included", () => {
    const map = new ScrollMap();
    map.resize(18_000_000, 800);
    expect(map.height).toBe(MAX_HEIGHT);
    map.scrolled(MAX_HEIGHT - 800);
    expect(map.position).toBe(18_000_000 - 800);
    map.scrolled(0);
    expect(map.position).toBe(0);
    map.scrolled((MAX_HEIGHT - 800) / 2);
    expect(map.position).toBeCloseTo((18_000_000 - 800) / 2);
  });

  it("moves pixel by pixel under the wheel even when scaled", () => {
    const map = new ScrollMap();
    map.resize(1_000_000_000, 800);
    const bar = map.moveTo(500_000_000);
    map.barIs(bar);
    for (let i = 1; i <= 10; i++) map.scrolled(bar + i * 100);
    expect(map.position).toBeCloseTo(500_001_000);
    // What is drawn sits where the element is scrolled to.
    expect(map.position + map.shift).toBeCloseTo(bar + 1000);
  });

  it("reaches every line of ten million by moving to it", () => {
    const map = new ScrollMap();
    const heights = new Heights(18);
    heights.count = 10_000_000;
    map.resize(heights.total, 900);
    for (const index of [0, 1, 4_999_999, 9_999_000]) {
      const bar = map.moveTo(heights.top(index));
      expect(bar).toBeGreaterThanOrEqual(0);
      expect(bar).toBeLessThanOrEqual(MAX_HEIGHT);
      expect(heights.at(map.position)).toBe(index);
    }
  });

  it("stays inside when the content shrinks or the view grows", () => {
    const map = new ScrollMap();
    map.resize(10_000, 500);
    map.scrolled(9_500);
    map.resize(3_000, 500);
    expect(map.position).toBe(2_500);
    map.resize(300, 500);
    expect(map.position).toBe(0);
    expect(map.atEnd).toBe(true);
  });
});
