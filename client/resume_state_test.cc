#include "client/resume_state.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_replace.h"
#include "crypto/route_tag.h"

namespace mosh::client {
namespace {

constexpr char kKey[] = "SF/MlfhoOVaLoagbnZgzHQ";

ResumeState State() {
  crypto::SessionKey key = *crypto::SessionKey::FromBase64(kKey);
  const uint64_t first = crypto::RouteTag::Of(key).FirstSequence().value;
  return {.key = std::move(key),
          .address = "2001:db8::1",
          .port = 60001,
          .target = "user@host",
          .started = absl::FromUnixSeconds(1764367312),
          .incarnation = 3,
          .next = {first + 1000}};
}

TEST(ResumeState, ReadsWhatItWrote) {
  const ResumeState written = State();
  const auto read = ParseResumeState(EncodeResumeState(written));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->key, written.key);
  EXPECT_EQ(read->address, written.address);
  EXPECT_EQ(read->port, written.port);
  EXPECT_EQ(read->target, written.target);
  EXPECT_EQ(read->started, written.started);
  EXPECT_EQ(read->incarnation, written.incarnation);
  EXPECT_EQ(read->next, written.next);
}

TEST(ResumeState, RefusesEveryTruncationAndEveryChangedOctet) {
  const std::string text = EncodeResumeState(State());
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_EQ(ParseResumeState(text.substr(0, size)).status().code(), absl::StatusCode::kDataLoss);
  }
  EXPECT_FALSE(ParseResumeState(text + "x").ok());
  for (size_t i = 0; i < text.size(); ++i) {
    for (const char change : {'\x01', '\x20', '\x80'}) {
      std::string damaged = text;
      damaged[i] ^= change;
      EXPECT_FALSE(ParseResumeState(damaged).ok()) << damaged;
    }
  }
}

TEST(ResumeState, RefusesNumbersOfAnotherKey) {
  ResumeState state = State();
  state.next = {17};
  EXPECT_EQ(ParseResumeState(EncodeResumeState(state)).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST(ResumeState, SaysWhenTheKeyIsUsedUp) {
  ResumeState state = State();
  state.next = {crypto::RouteTag::Of(state.key).LastSequence().value + 1};
  EXPECT_EQ(ParseResumeState(EncodeResumeState(state)).status().code(),
            absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace mosh::client
