#include "server/control/request_check.h"

#include <string>

#include "gtest/gtest.h"

namespace mosh::server {
namespace {

using control::Request;

std::string Problem(const Request& request) { return std::string(CheckRequest(request).message()); }

TEST(RequestCheck, UnknownRequestsAreUnimplemented) {
  EXPECT_EQ(CheckRequest(Request()).code(), absl::StatusCode::kUnimplemented);
  // One of a later version: a field of the oneof that isn't known here.
  Request later;
  ASSERT_TRUE(later.ParseFromString(std::string("\x08\x01\xfa\x01\x00", 5)));
  EXPECT_EQ(later.id(), 1);
  EXPECT_EQ(CheckRequest(later).code(), absl::StatusCode::kUnimplemented);
}

TEST(RequestCheck, Ids) {
  Request request;
  request.mutable_attach();
  EXPECT_EQ(Problem(request), "") << "the newest detached one";
  request.mutable_attach()->set_session_id("ab3de");
  EXPECT_EQ(Problem(request), "");
  request.mutable_attach()->set_session_id("../etc");
  EXPECT_EQ(Problem(request), "session_id may hold letters and digits only");
  request.mutable_attach()->set_session_id(std::string(65, 'a'));
  EXPECT_EQ(Problem(request), "session_id is too long");
  request.mutable_detach();
  EXPECT_EQ(Problem(request), "session_id is missing");
  request.mutable_detach()->set_session_id("a");
  EXPECT_EQ(Problem(request), "");
  request.mutable_detach()->set_client_id("\n");
  EXPECT_EQ(Problem(request), "client_id may hold letters and digits only");
  request.mutable_terminate();
  EXPECT_EQ(Problem(request), "session_id is missing");
}

TEST(RequestCheck, Notices) {
  Request request;
  request.mutable_notify()->set_session_id("a");
  EXPECT_EQ(Problem(request), "text is missing");
  request.mutable_notify()->set_text(std::string(1000, 'x'));
  EXPECT_EQ(Problem(request), "");
  request.mutable_notify()->set_seconds(86'401);
  EXPECT_EQ(Problem(request), "seconds: at most 86400");
  request.mutable_notify()->set_text(std::string(1001, 'x'));
  EXPECT_EQ(Problem(request), "text: at most 1000 bytes");
}

TEST(RequestCheck, Limits) {
  Request request;
  request.mutable_set_limits();
  EXPECT_EQ(Problem(request), "") << "none";
  control::Limits* const limits = request.mutable_set_limits()->mutable_limits();
  limits->set_idle_seconds(1);
  limits->set_lifetime_seconds(315'360'000);
  EXPECT_EQ(Problem(request), "");
  limits->set_detached_seconds(315'360'001);
  EXPECT_EQ(Problem(request), "limits: at most 315360000 seconds");
}

TEST(RequestCheck, Snapshots) {
  Request request;
  request.mutable_take_snapshot()->set_session_id("a");
  request.mutable_take_snapshot()->set_history_lines(10'000);
  EXPECT_EQ(Problem(request), "");
  request.mutable_take_snapshot()->set_history_lines(10'001);
  EXPECT_EQ(Problem(request), "history_lines: at most 10000");
}

TEST(RequestCheck, Questions) {
  Request request;
  request.mutable_get_host();
  EXPECT_EQ(Problem(request), "");
  request.mutable_unsubscribe();
  EXPECT_EQ(Problem(request), "");
  request.mutable_get_session();
  EXPECT_EQ(Problem(request), "session_id is missing");
  request.mutable_get_session()->set_session_id("a");
  EXPECT_EQ(Problem(request), "");
}

TEST(RequestCheck, Holds) {
  Request request;
  request.mutable_hold();
  EXPECT_EQ(Problem(request), "session_id is missing");
  request.mutable_hold()->set_session_id("a");
  EXPECT_EQ(Problem(request), "");
  request.mutable_hold()->set_text(std::string(1000, 'x'));
  EXPECT_EQ(Problem(request), "");
  request.mutable_hold()->set_text(std::string(1001, 'x'));
  EXPECT_EQ(Problem(request), "text: at most 1000 bytes");
}

TEST(RequestCheck, Watchers) {
  Request request;
  request.mutable_set_watched();
  EXPECT_EQ(Problem(request), "session_id is missing");
  request.mutable_set_watched()->set_session_id("a");
  EXPECT_EQ(Problem(request), "") << "nobody any more";
  for (int i = 0; i < 16; ++i) request.mutable_set_watched()->add_watcher(std::string(100, 'x'));
  EXPECT_EQ(Problem(request), "");
  request.mutable_set_watched()->set_watcher(0, "");
  EXPECT_EQ(Problem(request), "watcher: a name is empty");
  request.mutable_set_watched()->set_watcher(0, std::string(101, 'x'));
  EXPECT_EQ(Problem(request), "watcher: at most 100 bytes");
  request.mutable_set_watched()->add_watcher("x");
  EXPECT_EQ(Problem(request), "watcher: at most 16");
}

TEST(RequestCheck, Screens) {
  Request request;
  request.mutable_subscribe_screen_and_input();
  EXPECT_EQ(CheckRequest(request).message(), "session_id is missing");
  request.mutable_subscribe_screen();
  EXPECT_EQ(Problem(request), "session_id is missing");
  request.mutable_subscribe_screen()->set_session_id("a");
  for (const uint32_t fine : {0u, 10u, 3'600'000u}) {
    request.mutable_subscribe_screen()->set_interval_ms(fine);
    EXPECT_EQ(Problem(request), "") << fine;
  }
  for (const uint32_t bad : {1u, 9u, 3'600'001u}) {
    request.mutable_subscribe_screen()->set_interval_ms(bad);
    EXPECT_EQ(Problem(request), "interval_ms: 10 to 3600000") << bad;
  }
}

TEST(RequestCheck, NewSessions) {
  Request request;
  request.mutable_new_session();
  EXPECT_EQ(Problem(request), "");
  request.mutable_new_session()->add_environment("LANG=C.UTF-8");
  EXPECT_EQ(Problem(request), "");
  for (const std::string& bad :
       {std::string("LANG"), std::string("=x"), std::string("A=b\0c", 5)}) {
    Request other = request;
    other.mutable_new_session()->add_environment(bad);
    EXPECT_EQ(Problem(other), "environment: an entry is not NAME=value") << bad;
  }
  Request nul = request;
  nul.mutable_new_session()->add_command(std::string("a\0b", 3));
  EXPECT_EQ(Problem(nul), "command: a word holds a NUL");
  Request empty = request;
  empty.mutable_new_session()->add_command("");
  EXPECT_EQ(Problem(empty), "command: its first word is empty");
  request.mutable_new_session()->set_verbosity(3);
  EXPECT_EQ(Problem(request), "verbosity: at most 2");
}

}  // namespace
}  // namespace mosh::server
