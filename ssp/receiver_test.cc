#include "ssp/receiver.h"

#include "gtest/gtest.h"
#include "ssp/testing/toy_states.h"

namespace mosh::ssp {
namespace {

using namespace std::chrono_literals;

class Rig {
 public:
  explicit Rig(TransportConfig config = {}) : receiver(config, ToyStream()) {}
  ReceiveOutcome Get(uint64_t old_num, uint64_t new_num, std::string diff, uint64_t throwaway = 0) {
    return receiver.OnInstruction(
        {.old_num = {old_num}, .new_num = {new_num}, .throwaway_num = {throwaway}, .diff = diff},
        now);
  }
  Instant now = Instant::FromMillis(1000);
  Receiver<ToyStream> receiver;
};

TEST(Receiver, AppliesDiffToItsBase) {
  Rig rig;
  EXPECT_EQ(rig.Get(0, 1, "0:ab"), ReceiveOutcome::kNewest);
  EXPECT_EQ(rig.Get(1, 50, "2:cd"), ReceiveOutcome::kNewest);
  EXPECT_EQ(rig.receiver.newest().Since(0), "abcd");
  EXPECT_EQ(rig.receiver.newest_num(), StateNum{50});
}

TEST(Receiver, KnowsDuplicatesAndUnknownBases) {
  Rig rig;
  rig.Get(0, 1, "0:ab");
  EXPECT_EQ(rig.Get(0, 1, "0:ab"), ReceiveOutcome::kDuplicate);
  EXPECT_EQ(rig.Get(7, 8, "0:ab"), ReceiveOutcome::kUnknownBase);
}

TEST(Receiver, LateStateIsABaseButNotTheNewest) {
  Rig rig;
  rig.Get(0, 2, "0:ab");
  EXPECT_EQ(rig.Get(0, 1, "0:a"), ReceiveOutcome::kLate);
  EXPECT_EQ(rig.receiver.newest_num(), StateNum{2});
  EXPECT_EQ(rig.Get(1, 3, "1:bc"), ReceiveOutcome::kNewest);
  EXPECT_EQ(rig.receiver.newest().Since(0), "abc");
}

TEST(Receiver, ThrowsAwayWhatThePeerNoLongerNeeds) {
  Rig rig;
  rig.Get(0, 1, "0:a");
  rig.Get(1, 2, "1:b");
  EXPECT_EQ(rig.Get(2, 3, "2:c", 2), ReceiveOutcome::kNewest);
  EXPECT_EQ(rig.receiver.size(), 2u);
  EXPECT_EQ(rig.Get(1, 4, "1:x"), ReceiveOutcome::kUnknownBase);
}

TEST(Receiver, ContradictoryNumbersAreRejected) {
  Rig rig;
  rig.Get(0, 5, "0:a");
  EXPECT_EQ(rig.Get(0, 6, "0:ab", 1), ReceiveOutcome::kContradictory);
  EXPECT_EQ(rig.Get(0, 6, "0:ab", kShutdownNum.value), ReceiveOutcome::kContradictory);
  EXPECT_EQ(rig.Get(5, 3, "1:b"), ReceiveOutcome::kContradictory);
  EXPECT_EQ(rig.receiver.newest_num(), StateNum{5});
}

TEST(Receiver, BadDiffLeavesNothingBehind) {
  Rig rig;
  EXPECT_EQ(rig.Get(0, 1, "garbage"), ReceiveOutcome::kBadDiff);
  EXPECT_EQ(rig.receiver.size(), 1u);
  EXPECT_EQ(rig.Get(0, 1, "0:a"), ReceiveOutcome::kNewest);
}

TEST(Receiver, EmptyDiffIsAStateOfItsOwn) {
  Rig rig;
  EXPECT_EQ(rig.Get(0, 1, ""), ReceiveOutcome::kNewest);
  EXPECT_EQ(rig.receiver.newest_num(), StateNum{1});
}

TEST(Receiver, RefusesBeyondTheStateBoundButForOneEvery15Seconds) {
  Rig rig;
  for (uint64_t i = 1; i <= 1024; ++i) ASSERT_EQ(rig.Get(0, i, "0:x"), ReceiveOutcome::kNewest);
  EXPECT_EQ(rig.Get(0, 2000, "0:x"), ReceiveOutcome::kNewest);
  EXPECT_EQ(rig.Get(0, 2001, "0:x"), ReceiveOutcome::kRefused);
  rig.now += 15s;
  EXPECT_EQ(rig.Get(0, 2001, "0:x"), ReceiveOutcome::kNewest);
  for (uint64_t i = 3000; i < 6000; ++i) {
    rig.now += 15s;
    rig.Get(0, i, "0:x");
  }
  EXPECT_LE(rig.receiver.size(), 2049u);
}

TEST(Receiver, RefusesBeyondTheByteBound) {
  TransportConfig config;
  config.max_remote_bytes = 1000;
  Rig rig(config);
  const std::string diff = "0:" + std::string(400, 'x');
  EXPECT_EQ(rig.Get(0, 1, diff), ReceiveOutcome::kNewest);
  EXPECT_EQ(rig.Get(0, 2, diff), ReceiveOutcome::kNewest);
  EXPECT_EQ(rig.Get(0, 3, diff), ReceiveOutcome::kRefused);
  // Letting go makes room again.
  EXPECT_EQ(rig.Get(2, 3, "", 2), ReceiveOutcome::kNewest);
  rig.receiver.SubtractOldest();
  EXPECT_EQ(rig.receiver.bytes(), 0u);
  EXPECT_EQ(rig.Get(3, 4, "400:" + std::string(400, 'y'), 3), ReceiveOutcome::kNewest);
}

TEST(Receiver, SubtractionSurvivesStatesThatShareNoPrefix) {
  Rig rig;
  rig.Get(0, 1, "0:abc");
  rig.Get(0, 2, "0:x");
  rig.Get(1, 3, "3:d", 1);
  rig.receiver.SubtractOldest();
  EXPECT_EQ(rig.receiver.newest().size(), 4u);
}

}  // namespace
}  // namespace mosh::ssp
