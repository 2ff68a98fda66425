#include "server/control/input_queue.h"

#include <string>

#include "gtest/gtest.h"
#include "server/control/reply_parts.h"

namespace mosh::server {
namespace {

// Takes all there is, in frames of about this size: "abc", "(hidden)", "(lost)".
std::string TakeAll(InputQueue& queue, size_t max_size = kMaxReplySize) {
  std::string text;
  while (!queue.empty()) {
    control::Frame frame;
    queue.Take(max_size, &frame);
    EXPECT_GT(frame.input_size(), 0);
    EXPECT_LE(frame.ByteSizeLong(), max_size);
    for (const control::Input& input : frame.input()) {
      text += input.has_typed()                       ? input.typed()
              : input.gap() == control::Input::HIDDEN ? "(hidden)"
                                                      : "(lost)";
    }
  }
  return text;
}

TEST(InputQueue, KeepsTheOrder) {
  InputQueue queue;
  EXPECT_TRUE(queue.empty());
  queue.Add("su");
  queue.Add("\r");
  queue.AddHidden();
  queue.Add("id\r");
  EXPECT_EQ(TakeAll(queue), "su\r(hidden)id\r");
}

TEST(InputQueue, HowMuchWasHiddenIsNotTold) {
  InputQueue queue;
  for (int i = 0; i < 3; ++i) queue.AddHidden();
  EXPECT_EQ(TakeAll(queue), "(hidden)");
  for (int i = 0; i < 3; ++i) queue.AddHidden();
  EXPECT_TRUE(queue.empty()) << "it is the same gap";
  queue.Add("x");
  queue.AddHidden();
  EXPECT_EQ(TakeAll(queue), "x(hidden)");
}

TEST(InputQueue, WhatIsTooMuchIsLostUntilSomeIsRead) {
  InputQueue queue;
  const std::string half(InputQueue::kMaxBytes / 2, 'a');
  queue.Add(half);
  queue.Add(half);
  queue.Add("b");
  queue.AddHidden();
  EXPECT_EQ(TakeAll(queue), half + "(lost)");
  queue.Add("c");
  EXPECT_EQ(TakeAll(queue), "c");
}

TEST(InputQueue, ManySmallEntriesAreBoundedToo) {
  InputQueue queue;
  for (size_t i = 0; i < InputQueue::kMaxBytes; ++i) {
    queue.Add("x");
    queue.AddHidden();
  }
  const std::string text = TakeAll(queue);
  EXPECT_LT(text.size(), InputQueue::kMaxBytes);
  EXPECT_EQ(text.substr(text.size() - 6), "(lost)");
}

TEST(InputQueue, LongInputIsCutBetweenCharacters) {
  InputQueue queue;
  std::string typed;
  for (int i = 0; i < 100; ++i) typed += "\u20ac";
  queue.Add(typed);
  control::Frame frame;
  queue.Take(100, &frame);
  EXPECT_EQ(frame.input(0).typed(), typed.substr(0, 36));
  EXPECT_EQ(TakeAll(queue, 100), typed.substr(36));
}

TEST(InputQueue, GoesOnHoweverSmallTheRoom) {
  InputQueue queue;
  queue.Add("abc");
  control::Frame frame;
  queue.Take(0, &frame);
  EXPECT_EQ(frame.input(0).typed(), "a");
}

}  // namespace
}  // namespace mosh::server
