#include "mgmt/ctl/testing/fake_drains.h"

#include "absl/strings/str_cat.h"
#include "mgmt/ctl/testing/fake_fleet.h"

namespace mosh::mgmt::ctl {

namespace fleet = ::mosh::fleet::v1;

namespace {

constexpr char kName[] = "nodes/n1/operations/20270115-080000-aa11";

fleet::DrainNodeMetadata Drain(int left) {
  fleet::DrainNodeMetadata drain;
  drain.set_state(fleet::DrainNodeMetadata::WAITING);
  drain.mutable_start_time()->set_seconds(1'700'000'000);
  drain.mutable_deadline()->set_seconds(1'700'000'600);
  drain.set_at_end(fleet::TERMINATE);
  drain.set_message("Kernel\007 update.");
  drain.set_started_by("local:root(0)");
  drain.set_initial_session_count(3);
  drain.set_session_count(left);
  return drain;
}

fleet::LimitPolicy Night() {
  fleet::LimitPolicy policy;
  policy.set_name("policies/night");
  policy.mutable_limits()->mutable_idle()->set_seconds(8 * 3600);
  policy.mutable_limits()->set_max_sessions_per_user(20);
  (*policy.mutable_selector()->mutable_labels())["rack"] = "b";
  policy.set_description("evil\007words");
  policy.set_etag("e1");
  policy.set_updated_by("cert:CN=admin");
  policy.mutable_update_time()->set_seconds(1'700'000'000);
  return policy;
}

}  // namespace

fleet::Operation FakeOperations::Running(int left) {
  fleet::Operation operation;
  operation.set_name(kName);
  operation.mutable_metadata()->PackFrom(Drain(left));
  return operation;
}

fleet::Operation FakeOperations::Done() {
  fleet::Operation operation = Running(0);
  fleet::DrainNodeResponse response;
  response.set_ended_count(2);
  response.set_terminated_count(1);
  operation.set_done(true);
  operation.mutable_response()->PackFrom(response);
  return operation;
}

fleet::Operation FakeOperations::Cancelled() {
  fleet::Operation operation = Running(2);
  operation.set_done(true);
  operation.mutable_error()->set_code(1);
  operation.mutable_error()->set_message("cancelled by cert:CN=oncall");
  return operation;
}

std::vector<std::string> FakeOperations::Asked() {
  std::lock_guard lock(mutex_);
  return asked_;
}

void FakeOperations::Note(const std::string& method, const google::protobuf::Message& request) {
  std::lock_guard lock(mutex_);
  asked_.push_back(absl::StrCat(method, " ", request.ShortDebugString()));
}

grpc::Status FakeOperations::GetOperation(Context*, const fleet::GetOperationRequest* request,
                                          fleet::Operation* operation) {
  Note("GetOperation", *request);
  *operation = Running(2);
  return grpc::Status::OK;
}

FakeOperations::FakeOperations() {
  *list.add_operations() = Running(2);
  *list.add_operations() = Cancelled();
  list.mutable_operations(1)->set_name("nodes/n1/operations/20270114-080000-bb22");
}

grpc::Status FakeOperations::ListOperations(Context*, const fleet::ListOperationsRequest* request,
                                            fleet::ListOperationsResponse* response) {
  Note("ListOperations", *request);
  *response = list;
  return grpc::Status::OK;
}

grpc::Status FakeOperations::WaitOperation(Context*, const fleet::WaitOperationRequest* request,
                                           fleet::Operation* operation) {
  Note("WaitOperation", *request);
  if (on_wait != nullptr) on_wait();
  std::lock_guard lock(mutex_);
  if (answers.empty()) answers.push_back({grpc::Status::OK, Done()});
  const Answer answer = answers.front();
  answers.pop_front();
  *operation = answer.operation;
  return answer.status;
}

grpc::Status FakeOperations::CancelOperation(Context*, const fleet::CancelOperationRequest* request,
                                             fleet::Operation* operation) {
  Note("CancelOperation", *request);
  const grpc::Status here = FakeFleet::CheckNode(elsewhere, request->name());
  if (!here.ok()) return here;
  *operation = Cancelled();
  return grpc::Status::OK;
}

std::vector<std::string> FakePolicies::Asked() {
  std::lock_guard lock(mutex_);
  return asked_;
}

void FakePolicies::Note(const std::string& method, const google::protobuf::Message& request) {
  std::lock_guard lock(mutex_);
  asked_.push_back(absl::StrCat(method, " ", request.ShortDebugString()));
}

grpc::Status FakePolicies::GetPolicy(Context*, const fleet::GetPolicyRequest* request,
                                     fleet::LimitPolicy* policy) {
  Note("GetPolicy", *request);
  *policy = Night();
  return grpc::Status::OK;
}

grpc::Status FakePolicies::ListPolicies(Context*, const fleet::ListPoliciesRequest*,
                                        fleet::ListPoliciesResponse* response) {
  *response->add_policies() = Night();
  return grpc::Status::OK;
}

grpc::Status FakePolicies::UpdatePolicy(Context*, const fleet::UpdatePolicyRequest* request,
                                        fleet::LimitPolicy* policy) {
  Note("UpdatePolicy", *request);
  *policy = Night();
  return grpc::Status::OK;
}

grpc::Status FakePolicies::DeletePolicy(Context*, const fleet::DeletePolicyRequest* request,
                                        fleet::DeletePolicyResponse*) {
  Note("DeletePolicy", *request);
  return grpc::Status::OK;
}

}  // namespace mosh::mgmt::ctl
