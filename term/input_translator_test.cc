#include "term/input_translator.h"

#include "gtest/gtest.h"

namespace mosh::term {
namespace {

TEST(InputTranslator, TurnsApplicationArrowsIntoOrdinaryOnes) {
  InputTranslator translator;
  EXPECT_EQ(translator.Translate("\x1bOA\x1bOD\x1bOP", false), "\x1b[A\x1b[D\x1bOP");
  EXPECT_EQ(translator.Translate("\x1bOA", true), "\x1bOA");
}

TEST(InputTranslator, RemembersAcrossCalls) {
  InputTranslator translator;
  EXPECT_EQ(translator.Translate("\x1b", false), "\x1b");
  EXPECT_EQ(translator.Translate("O", false), "");
  EXPECT_TRUE(translator.holding());
  EXPECT_EQ(translator.Translate("B", false), "[B");
  EXPECT_FALSE(translator.holding());
}

TEST(InputTranslator, GivesUpWaitingWhenFlushed) {
  InputTranslator translator;
  translator.Translate("\x1bO", false);
  EXPECT_EQ(translator.Flush(), "O");
  EXPECT_EQ(translator.Flush(), "");
  EXPECT_EQ(translator.Translate("A", false), "A");
}

}  // namespace
}  // namespace mosh::term
