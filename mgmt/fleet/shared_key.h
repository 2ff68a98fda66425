// SharedKey: a private key that is read once for all connections. gRPC 1.51 has OpenSSL read the
// key anew for each channel, half a millisecond with OpenSSL 3; but a key that stands in an engine
// it only fetches there, and this one stands in an engine of our own, which is nothing but a list.
// Any thread.
#ifndef MGMT_FLEET_SHARED_KEY_H_
#define MGMT_FLEET_SHARED_KEY_H_

#include <memory>
#include <string>

namespace mosh::mgmt {

class SharedKey {
 public:
  // `pem`: without a password. Null: it holds no such key.
  static std::unique_ptr<SharedKey> Read(const std::string& pem);
  // Connections that are made already keep it.
  ~SharedKey();
  SharedKey(const SharedKey&) = delete;
  SharedKey& operator=(const SharedKey&) = delete;

  // What gRPC takes in place of the key's PEM: "engine:ENGINE:KEY".
  const std::string& name() const { return name_; }

 private:
  explicit SharedKey(std::string id);

  const std::string id_;
  const std::string name_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_FLEET_SHARED_KEY_H_
