// Forms: Tab from field to field, fields that are full, fillers.
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/string_view.h"
#include "predict/engine.h"
#include "predict/testing/stage.h"

namespace mosh::predict {
namespace {

TEST(EngineForms, FieldBelowWaitsForItsOwnEcho) {
  Stage stage;
  stage.SetModes(kShell);  // one program, key by key
  stage.Host("[    ] name\r\n[    ] password\x1b[1;2H");
  for (const char* name : {"x", "y"}) {
    stage.Type(name);
    stage.Answer(name);
    stage.Type("\x1b[B");
    stage.Answer("\x1b[B");
    stage.Type("\x1b[A");
    stage.Answer("\x1b[A");
  }
  stage.Type("z");
  stage.Answer("z");
  stage.Type("\x1b[B");
  EXPECT_EQ(stage.Row(1), "[   | ] password");  // the cursor's way is known
  stage.Answer("\x1b[B");
  stage.Type("s");
  EXPECT_EQ(stage.Row(1), "[   | ] password");
}

TEST(EngineForms, TabIsFollowedToTheRowWhereItWentBefore) {
  Stage stage;
  stage.Host("Name  __\r\nTown  __\r\nF1 help\x1b[1;7H");
  stage.Type("\t");
  EXPECT_EQ(stage.Row(0), "Name  |__");
  stage.Answer("\x1b[2;7H");
  stage.Type("\x1b[Z");
  stage.Answer("\x1b[1;7H");
  stage.Type("\t");
  EXPECT_EQ(stage.Row(1), "Town  |__");
  stage.Type("s");  // which may be a question for a password
  EXPECT_EQ(stage.Row(1), "Town  |__");
}

TEST(EngineForms, TabWithinTheRowIsFollowedWhenItWentThereTwice) {
  Stage stage;
  stage.Host("A  __  B  __\x1b[1;4H");
  for (int i = 0; i < 2; ++i) {
    stage.Type("\t");
    EXPECT_EQ(stage.Row(0), "A  |__  B  __");
    stage.Answer("\x1b[1;11H");
    stage.Type("\x1b[Z");
    stage.Answer("\x1b[1;4H");
  }
  stage.Type("\t");
  EXPECT_EQ(stage.Row(0), "A  __  B  |__");
}

// The screen may show already what was typed after the key that jumped.
TEST(EngineForms, JumpIsLearnedWhileOneTypesOn) {
  Stage stage;
  stage.Host("Name  __\r\nTown  __\r\nF1 help\x1b[1;7H");
  stage.Type("\t");
  stage.Type("a");
  stage.Type("b");
  stage.AnswerSome(1, "\x1b[2;7Ha");
  stage.AnswerSome(2, "b");
  stage.Type("\x1b[Z");
  stage.Answer("\x1b[1;7H");
  stage.Type("\t");
  EXPECT_EQ(stage.Row(1), "Town  |ab");
}

// Of what is typed over the same text only the cursor tells.
TEST(EngineForms, JumpIsLearnedThoughTheFieldStaysAsItWas) {
  Stage stage;
  stage.Host("Name  __\r\nTown  ab\r\nF1 help\x1b[1;7H");
  for (const char* key : {"\t", "a", "b"}) stage.Type(key);
  stage.Answer("\x1b[2;9H");
  stage.Type("\x1b[Z");
  stage.Answer("\x1b[1;7H");
  stage.Type("\t");
  EXPECT_EQ(stage.Row(1), "Town  |ab");
}

// Three keys may be on the screen of which two are acknowledged.
TEST(EngineForms, JumpIsNotLearnedFromTextThatFitsTwice) {
  Stage stage;
  stage.Host("Name  __\r\nTown  aaa\r\nF1 help\x1b[1;7H");
  for (const char* key : {"\t", "a", "a", "a"}) stage.Type(key);
  stage.AnswerSome(3, "\x1b[2;10H");
  stage.Answer("");
  stage.Type("\x1b[Z");
  stage.Answer("\x1b[1;7H");
  stage.Type("\t");
  EXPECT_EQ(stage.Row(0), "Name  |__");
}

// A label that has echoed before, of the program that is known to have the terminal.
TEST(EngineForms, FieldThatTabLeadsToShowsAtOnceWhenTheCursorIsThere) {
  Stage stage;
  stage.SetModes(kShell);
  stage.Host("Name  ____\r\nTown  ____\r\nF1 help\x1b[2;7H");
  stage.Type("a");
  stage.Answer("a");
  for (int i = 0; i < 2; ++i) {
    stage.Type("\t");
    stage.Answer("\x1b[1;7H");
    stage.Type("b");
    stage.Answer("b");
    stage.Type("\t");
    stage.Answer("\x1b[2;7H");
    stage.Type("c");
    EXPECT_EQ(stage.Row(1), "Town  c|___");
    stage.Answer("c");
  }
}

// The key that filled it led there, not the next one, which is for the next field.
TEST(EngineForms, FieldThatFollowsAFullOneTakesTheNextKey) {
  Stage stage;
  stage.SetModes(kShell);
  stage.Host("Code  __\r\nTown  ____\r\nF1 help\x1b[2;7H");
  stage.Type("a");
  stage.Answer("a");
  stage.Type("\t");
  stage.Answer("\x1b[1;7H");
  stage.Type("1");
  stage.Answer("1");
  for (const char* key : {"2", "n", "e"}) stage.Type(key);
  stage.AnswerSome(1, "2\x1b[2;7H");
  EXPECT_EQ(stage.Row(1), "Town  |a___");
  stage.AnswerSome(1, "n");
  EXPECT_EQ(stage.Row(1), "Town  ne|__");
}

// And the key typed before that may have gone to the full one: it may be a secret.
TEST(EngineForms, KeyThatMayHaveFilledAnotherFieldWaitsForItsEcho) {
  Stage stage;
  stage.SetModes(kShell);
  stage.Host("Name  ____\r\nPIN\r\nF1 help\x1b[1;7H");
  stage.Type("a");
  stage.Answer("a");
  stage.Type("\t");
  stage.Answer("\x1b[2;7H");
  stage.Type("S");
  stage.Host("\x1b[1;7H");  // no echo ack yet
  EXPECT_EQ(stage.Row(0), "Name  |a___");
}

// It may be in the next field by then, and lead to the one after that.
TEST(EngineForms, TabBehindAFullFieldLeadsToTheUnknown) {
  Stage stage;
  stage.SetModes(kShell);
  stage.Host("Code  __\r\nTown  ____\r\nPIN\r\nF1 help\x1b[2;7H");
  stage.Type("a");
  stage.Answer("a");
  stage.Type("\x1b[Z");
  stage.Answer("\x1b[1;7H");
  stage.Type("1");
  stage.Answer("1");
  stage.Type("2");
  stage.Type("\t");
  stage.Host("2\x1b[2;7H");
  stage.Type("S");
  EXPECT_EQ(stage.Row(1), "Town  |a___");
}

// From the first of two fields through the second and back.
void GoRound(Stage& stage, absl::string_view first, absl::string_view second) {
  stage.Type(first);
  stage.Answer(first);
  stage.Type("\t");
  stage.Answer("\x1b[2;7H");
  stage.Type(second);
  stage.Answer(second);
  stage.Type("\t");
  stage.Answer("\x1b[1;7H");
}

constexpr absl::string_view kTwoFields = "Name  ____\r\nTown  ____\r\n\r\n\r\n F1 help\x1b[1;7H";

TEST(EngineForms, WhereAllFieldsEchoNoneIsWaitedFor) {
  Stage stage;
  stage.SetModes(kShell);
  stage.Host(kTwoFields);
  GoRound(stage, "a", "b");
  GoRound(stage, "c", "d");
  stage.Type("e");
  stage.Answer("e");
  for (const char* key : {"\t", "f", "\t", "g"}) stage.Type(key);
  EXPECT_EQ(stage.Row(1), "Town  f___");
  EXPECT_EQ(stage.Row(0), "Name  g|___");
}

TEST(EngineForms, OneLapProvesNothing) {
  Stage stage;
  stage.SetModes(kShell);
  stage.Host(kTwoFields);
  GoRound(stage, "a", "b");
  stage.Type("c");
  stage.Answer("c");
  for (const char* key : {"\t", "d"}) stage.Type(key);
  EXPECT_EQ(stage.Row(1), "Town  |b___");
}

TEST(EngineForms, OneFieldWithoutEchoMakesAllWait) {
  Stage stage;
  stage.SetModes(kShell);
  stage.Host("Name  ____\r\nPIN\r\n\r\n\r\n F1 help\x1b[1;7H");
  for (const char* name : {"a", "b", "c"}) {
    stage.Type(name);
    stage.Answer(name);
    stage.Type("\t");
    stage.Answer("\x1b[2;7H");
    stage.Type("S");
    stage.Answer("");
    stage.Type("\t");
    stage.Answer("\x1b[1;7H");
  }
  stage.Type("d");
  stage.Answer("d");
  for (const char* key : {"\t", "S", "\t", "e"}) stage.Type(key);
  EXPECT_EQ(stage.Row(0), "Name  d___");
  EXPECT_EQ(stage.Row(1), "PIN   |");  // the cursor's way is known
}

TEST(EngineForms, FormThatHasChangedIsAnotherOne) {
  Stage stage;
  stage.SetModes(kShell);
  stage.Host(kTwoFields);
  GoRound(stage, "a", "b");
  GoRound(stage, "c", "d");
  stage.Host("\x1b[4;3HPIN ____\x1b[1;7H");
  stage.Type("e");
  stage.Answer("e");
  for (const char* key : {"\t", "S"}) stage.Type(key);
  EXPECT_EQ(stage.Row(1), "Town  |d___");
}

// It may be left out only for now.
TEST(EngineForms, FieldInLineWithTheOthersMayBeOfTheForm) {
  Stage stage;
  stage.SetModes(kShell);
  stage.Host("Name  ____\r\nTown  ____\r\nPIN\r\n\r\n F1 help\x1b[1;7H");
  GoRound(stage, "a", "b");
  GoRound(stage, "c", "d");
  stage.Type("e");
  stage.Answer("e");
  for (const char* key : {"\t", "S"}) stage.Type(key);
  EXPECT_EQ(stage.Row(1), "Town  |d___");
}

TEST(EngineForms, FullFieldLeadsOnAsItDid) {
  Stage stage;
  stage.SetModes(kShell);
  stage.Host("Code  __\r\nTown  ____\r\n\r\n\r\n F1 help\x1b[1;7H");
  for (const char* code : {"12", "34", "56"}) {
    const std::string first(1, code[0]), last(1, code[1]);
    stage.Type(first);
    stage.Answer(first);
    stage.Type(last);
    stage.Answer(last + "\x1b[2;7H");
    stage.Type(first);
    stage.Answer(first);
    stage.Type("\t");
    stage.Answer("\x1b[1;7H");
  }
  for (const char* key : {"7", "8", "x", "\t", "9"}) stage.Type(key);
  stage.AnswerSome(1, "7");
  EXPECT_EQ(stage.Row(0), "Code  9|8");
  EXPECT_EQ(stage.Row(1), "Town  x___");
}

TEST(EngineForms, BackspaceLeavesTheFillerOfFieldsOnceSeen) {
  Stage stage;
  stage.Host("Name  ____\r\nF1 help\x1b[1;7H");
  stage.Type("a");
  stage.Answer("a");
  stage.Type("bc");
  stage.Answer("bc");
  stage.Type("\x7f");
  EXPECT_EQ(stage.Row(0), "Name  ab|c_");  // who knows
  stage.Answer("\b_\b");
  stage.Type("\x7f");
  EXPECT_EQ(stage.Row(0), "Name  a|___");
}

TEST(EngineForms, FieldThatIsFullIsNotTypedBeyond) {
  Stage stage;
  stage.Host("Code  ____\r\n\r\nF1 help\x1b[1;7H");
  stage.Type("1");
  stage.Answer("1");
  stage.Type("234");
  EXPECT_EQ(stage.Row(0), "Code  1234|");
  stage.Type("5");
  EXPECT_EQ(stage.Row(0), "Code  1234|");
}

}  // namespace
}  // namespace mosh::predict
