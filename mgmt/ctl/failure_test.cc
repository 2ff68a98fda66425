#include "mgmt/ctl/failure.h"

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"

namespace mosh::mgmt::ctl {
namespace {

template <class... Details>
grpc::Status Answer(grpc::StatusCode code, const std::string& message, const Details&... details) {
  google::rpc::Status status;
  (status.add_details()->PackFrom(details), ...);
  return grpc::Status(code, message, status.SerializeAsString());
}

google::rpc::ErrorInfo Reason(const std::string& reason) {
  google::rpc::ErrorInfo info;
  info.set_reason(reason);
  info.set_domain("mosh.fleet.v1");
  return info;
}

TEST(Failure, HasTheDocumentedExitStatus) {
  const auto exit_code = [](grpc::StatusCode code) {
    return ExitCodeOf(ExplainFailure(grpc::Status(code, "x"), "s"));
  };
  EXPECT_EQ(exit_code(grpc::StatusCode::OK), 0);
  EXPECT_EQ(exit_code(grpc::StatusCode::INVALID_ARGUMENT), 1);
  EXPECT_EQ(exit_code(grpc::StatusCode::NOT_FOUND), 2);
  EXPECT_EQ(exit_code(grpc::StatusCode::PERMISSION_DENIED), 3);
  EXPECT_EQ(exit_code(grpc::StatusCode::UNAUTHENTICATED), 3);
  EXPECT_EQ(exit_code(grpc::StatusCode::UNAVAILABLE), 4);
  EXPECT_EQ(exit_code(grpc::StatusCode::DEADLINE_EXCEEDED), 4);
  EXPECT_EQ(exit_code(grpc::StatusCode::ABORTED), 5);
  EXPECT_EQ(exit_code(grpc::StatusCode::INTERNAL), 5);
}

TEST(Failure, SaysWhatToDoNext) {
  const absl::Status status = ExplainFailure(
      Answer(grpc::StatusCode::NOT_FOUND, "there is no session abc", Reason("SESSION_NOT_FOUND")),
      "s");
  EXPECT_EQ(status.message(),
            "there is no session abc\n  `moshctl ls` shows the sessions that you may see.");
}

TEST(Failure, NamesTheWrongFieldAndTheTimeToWait) {
  google::rpc::BadRequest bad;
  auto* violation = bad.add_field_violations();
  violation->set_field("filter");
  violation->set_description("no field 'colour'");
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(2);
  const absl::Status status = ExplainFailure(
      Answer(grpc::StatusCode::INVALID_ARGUMENT, "bad filter", bad, retry, Reason("UNKNOWN")), "s");
  EXPECT_EQ(status.message(),
            "bad filter\n  filter: no field 'colour'\n  It may work again in 2.0 s.");
}

TEST(Failure, SaysNothingTwiceAndTheHintLast) {
  google::rpc::BadRequest bad;
  auto* violation = bad.add_field_violations();
  violation->set_field("filter");
  violation->set_description("no field usr");
  const absl::Status status =
      ExplainFailure(Answer(grpc::StatusCode::INVALID_ARGUMENT, "filter: no field usr",
                            Reason("INVALID_FILTER"), bad),
                     "s");
  EXPECT_EQ(status.message(),
            "filter: no field usr\n"
            "  A filter looks like: user = \"alice\" AND state = DETACHED");
}

TEST(Failure, NamesTheServerThatIsNotThere) {
  const absl::Status status =
      ExplainFailure(grpc::Status(grpc::StatusCode::UNAVAILABLE, "connection refused"), "unix:/x");
  EXPECT_EQ(status.message(),
            "can't reach the agent at unix:/x: connection refused\n"
            "  Is mosh-agent running there? --server or MOSHCTL_SERVER names another.");
}

TEST(Failure, AnAgentThatStopsIsNotTakenForNone) {
  const absl::Status status = ExplainFailure(
      Answer(grpc::StatusCode::UNAVAILABLE, "stopping", Reason("AGENT_STOPPING")), "s");
  EXPECT_EQ(status.message(), "stopping\n  The agent is being stopped; try again in a moment.");
}

TEST(Failure, PassesOnNoControlCharacter) {
  const absl::Status status =
      ExplainFailure(grpc::Status(grpc::StatusCode::INTERNAL, "a\033[2Jb", "not a status"), "s");
  EXPECT_EQ(status.message(), "a?[2Jb");
}

}  // namespace
}  // namespace mosh::mgmt::ctl
