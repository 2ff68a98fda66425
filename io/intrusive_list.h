// A doubly linked list of objects that carry their own links: no allocation, and an object that
// dies leaves its list.
//
// The list does not own its elements. An element is in at most one list at a time. Not thread-safe.
#ifndef IO_INTRUSIVE_LIST_H_
#define IO_INTRUSIVE_LIST_H_

namespace mosh::io {

// Derive from this to be able to sit in an IntrusiveList.
class ListNode {
 public:
  ListNode() = default;
  ListNode(const ListNode&) = delete;
  ListNode& operator=(const ListNode&) = delete;
  ~ListNode() { Unlink(); }

  bool linked() const { return next_ != nullptr; }

  // Leaves the list it is in; nothing happens if it is in none.
  void Unlink() {
    if (next_ == nullptr) return;
    prev_->next_ = next_;
    next_->prev_ = prev_;
    prev_ = next_ = nullptr;
  }

 private:
  template <class T>
  friend class IntrusiveList;
  ListNode* prev_ = nullptr;
  ListNode* next_ = nullptr;
};

template <class T>
class IntrusiveList {
 public:
  IntrusiveList() { head_.prev_ = head_.next_ = &head_; }
  // Elements left over are unlinked, so that they don't point at a dead list.
  ~IntrusiveList() {
    while (!empty()) PopFront();
    head_.prev_ = head_.next_ = nullptr;
  }
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;

  bool empty() const { return head_.next_ == &head_; }
  T* front() { return static_cast<T*>(head_.next_); }

  // Moves `element` to the end of this list, from whatever list it was in.
  void PushBack(T* element) {
    ListNode* node = element;
    node->Unlink();
    node->prev_ = head_.prev_;
    node->next_ = &head_;
    head_.prev_->next_ = node;
    head_.prev_ = node;
  }

  // The list must not be empty.
  T* PopFront() {
    ListNode* node = head_.next_;
    node->Unlink();
    return static_cast<T*>(node);
  }

  // Appends everything in `other`, which is empty afterwards.
  void Splice(IntrusiveList& other) {
    while (!other.empty()) PushBack(other.PopFront());
  }

 private:
  ListNode head_;
};

}  // namespace mosh::io

#endif  // IO_INTRUSIVE_LIST_H_
