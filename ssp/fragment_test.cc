// FragmentAssembler and Fragmenter.
#include <algorithm>
#include <random>

#include "gtest/gtest.h"
#include "ssp/fragment_assembler.h"
#include "ssp/fragmenter.h"

namespace mosh::ssp {
namespace {

using Outcome = FragmentAssembler::Outcome;
using Bytes = std::vector<uint8_t>;

Bytes Content(size_t n) {
  Bytes bytes(n);
  for (size_t i = 0; i < n; ++i) bytes[i] = static_cast<uint8_t>(i * 7 + i / 251);
  return bytes;
}

std::vector<Fragment> Cut(uint64_t id, const Bytes& bytes, size_t limit) {
  std::vector<Fragment> fragments;
  Fragmenter::Cut({id}, bytes, limit, [&](const Fragment& f) { fragments.push_back(f); });
  return fragments;
}

Bytes ToBytes(std::span<const uint8_t> bytes) { return {bytes.begin(), bytes.end()}; }

TEST(Fragmenter, SlicesAreFullButTheLast) {
  const Bytes bytes = Content(2888);
  const auto fragments = Cut(5, bytes, 1214);
  ASSERT_EQ(fragments.size(), 3u);
  EXPECT_EQ(fragments[0].slice.size(), 1214u);
  EXPECT_EQ(fragments[1].slice.size(), 1214u);
  EXPECT_EQ(fragments[2].slice.size(), 460u);
  EXPECT_TRUE(fragments[2].final);
  EXPECT_FALSE(fragments[1].final);
}

TEST(Fragmenter, ExactMultipleHasNoEmptyTail) {
  const Bytes bytes = Content(20);
  EXPECT_EQ(Cut(1, bytes, 10).size(), 2u);
  EXPECT_EQ(Cut(1, {}, 10).size(), 1u);
}

TEST(Fragmenter, IdChangesWithTheInstruction) {
  Fragmenter fragmenter;
  const Bytes chaff = {1, 2}, other = {1, 3};
  InstructionView view{.old_num = {1}, .new_num = {2}};
  EXPECT_EQ(fragmenter.IdFor(view, chaff, 100), FragmentId{1});
  EXPECT_EQ(fragmenter.IdFor(view, chaff, 100), FragmentId{1});
  EXPECT_EQ(fragmenter.IdFor(view, other, 100), FragmentId{2});
  EXPECT_EQ(fragmenter.IdFor(view, other, 99), FragmentId{3});
  view.ack_num = {9};
  EXPECT_EQ(fragmenter.IdFor(view, other, 99), FragmentId{4});
}

TEST(FragmentAssembler, JoinsInAnyOrderWithRepeats) {
  std::mt19937 random(1);
  const Bytes bytes = Content(5000);
  for (int round = 0; round < 50; ++round) {
    auto fragments = Cut(static_cast<uint64_t>(round), bytes, 100 + random() % 900);
    const size_t needed = fragments.size();
    fragments.insert(fragments.end(), fragments.begin(), fragments.end());
    std::shuffle(fragments.begin(), fragments.end(), random);
    FragmentAssembler assembler;
    size_t completed = 0;
    for (const Fragment& f : fragments) {
      const auto result = assembler.Add(f);
      EXPECT_NE(result.outcome, Outcome::kContradiction);
      if (result.outcome != Outcome::kComplete) continue;
      ++completed;
      EXPECT_EQ(ToBytes(result.instruction), bytes);
    }
    EXPECT_GE(completed, 1u) << needed;
  }
}

TEST(FragmentAssembler, DropsPartialInstructionForAnyOtherId) {
  const Bytes bytes = Content(30);
  for (const uint64_t other : {1u, 9u}) {
    FragmentAssembler assembler;
    const auto mine = Cut(5, bytes, 10), theirs = Cut(other, bytes, 10);
    assembler.Add(mine[0]);
    assembler.Add(mine[1]);
    assembler.Add(theirs[0]);
    EXPECT_EQ(assembler.Add(mine[2]).outcome, Outcome::kIncomplete);
    EXPECT_EQ(assembler.buffered_bytes(), 10u);
  }
}

TEST(FragmentAssembler, LateCopyOfAWholeInstructionComesAgain) {
  FragmentAssembler assembler;
  const Bytes bytes = Content(5);
  const auto one = Cut(1, bytes, 10);
  EXPECT_EQ(assembler.Add(one[0]).outcome, Outcome::kComplete);
  EXPECT_EQ(assembler.Add(one[0]).outcome, Outcome::kComplete);
}

TEST(FragmentAssembler, ContradictionsEmptyTheSlot) {
  const Bytes byte = {1};
  const auto piece = [&](uint16_t number, bool final) {
    return Fragment{.id = {1}, .number = number, .final = final, .slice = byte};
  };
  FragmentAssembler assembler;
  assembler.Add(piece(1, true));
  EXPECT_EQ(assembler.Add(piece(2, false)).outcome, Outcome::kContradiction);
  assembler.Add(piece(1, true));
  EXPECT_EQ(assembler.Add(piece(3, true)).outcome, Outcome::kContradiction);
  assembler.Add(piece(5, false));
  EXPECT_EQ(assembler.Add(piece(3, true)).outcome, Outcome::kContradiction);
  EXPECT_EQ(assembler.buffered_bytes(), 0u);
}

TEST(FragmentAssembler, SecondContentUnderOneNumberIsIgnored) {
  const Bytes a = {1}, b = {2};
  FragmentAssembler assembler;
  assembler.Add({.id = {1}, .number = 0, .final = false, .slice = a});
  assembler.Add({.id = {1}, .number = 0, .final = false, .slice = b});
  const auto result = assembler.Add({.id = {1}, .number = 1, .final = true, .slice = b});
  EXPECT_EQ(ToBytes(result.instruction), (Bytes{1, 2}));
}

TEST(FragmentAssembler, MemoryIsBounded) {
  FragmentAssembler assembler;
  const Bytes slice(2000, 1);
  bool refused = false;
  for (uint16_t i = 0; i < kMaxFragments - 1; ++i) {
    refused |= assembler.Add({.id = {1}, .number = i, .final = false, .slice = slice}).outcome ==
               Outcome::kContradiction;
    ASSERT_LE(assembler.buffered_bytes(), FragmentAssembler::kMaxBytes);
  }
  EXPECT_TRUE(refused);
}

}  // namespace
}  // namespace mosh::ssp
