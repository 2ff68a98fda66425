// An OperationService and a PolicyService beside FakeFleet's: one drain that goes on as a test
// says, and one policy.
#ifndef MGMT_CTL_TESTING_FAKE_DRAINS_H_
#define MGMT_CTL_TESTING_FAKE_DRAINS_H_

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "mosh/fleet/v1/drain.pb.h"
#include "mosh/fleet/v1/operation_service.grpc.pb.h"
#include "mosh/fleet/v1/policy_service.grpc.pb.h"

namespace mosh::mgmt::ctl {

class FakeOperations final : public ::mosh::fleet::v1::OperationService::Service {
 public:
  // Of three sessions so many are left; its time is long over.
  static ::mosh::fleet::v1::Operation Running(int left);
  static ::mosh::fleet::v1::Operation Done();
  static ::mosh::fleet::v1::Operation Cancelled();

  FakeOperations();

  std::vector<std::string> Asked();
  // As FakeFleet's, of CancelOperation.
  std::map<std::string, std::string> elsewhere;
  // What ListOperations says.
  ::mosh::fleet::v1::ListOperationsResponse list;
  // What WaitOperation says, one after the other; then that it is done.
  struct Answer {
    grpc::Status status;
    ::mosh::fleet::v1::Operation operation;
  };
  std::deque<Answer> answers;
  // What happens meanwhile; may be null.
  std::function<void()> on_wait;

 private:
  using Context = grpc::ServerContext;
  grpc::Status GetOperation(Context* context, const ::mosh::fleet::v1::GetOperationRequest* request,
                            ::mosh::fleet::v1::Operation* operation) override;
  grpc::Status ListOperations(Context* context,
                              const ::mosh::fleet::v1::ListOperationsRequest* request,
                              ::mosh::fleet::v1::ListOperationsResponse* response) override;
  grpc::Status WaitOperation(Context* context,
                             const ::mosh::fleet::v1::WaitOperationRequest* request,
                             ::mosh::fleet::v1::Operation* operation) override;
  grpc::Status CancelOperation(Context* context,
                               const ::mosh::fleet::v1::CancelOperationRequest* request,
                               ::mosh::fleet::v1::Operation* operation) override;
  void Note(const std::string& method, const google::protobuf::Message& request);

  std::mutex mutex_;
  std::vector<std::string> asked_;
};

class FakePolicies final : public ::mosh::fleet::v1::PolicyService::Service {
 public:
  std::vector<std::string> Asked();

 private:
  using Context = grpc::ServerContext;
  grpc::Status GetPolicy(Context* context, const ::mosh::fleet::v1::GetPolicyRequest* request,
                         ::mosh::fleet::v1::LimitPolicy* policy) override;
  grpc::Status ListPolicies(Context* context, const ::mosh::fleet::v1::ListPoliciesRequest* request,
                            ::mosh::fleet::v1::ListPoliciesResponse* response) override;
  grpc::Status UpdatePolicy(Context* context, const ::mosh::fleet::v1::UpdatePolicyRequest* request,
                            ::mosh::fleet::v1::LimitPolicy* policy) override;
  grpc::Status DeletePolicy(Context* context, const ::mosh::fleet::v1::DeletePolicyRequest* request,
                            ::mosh::fleet::v1::DeletePolicyResponse* response) override;
  void Note(const std::string& method, const google::protobuf::Message& request);

  std::mutex mutex_;
  std::vector<std::string> asked_;
};

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_TESTING_FAKE_DRAINS_H_
