#pragma once
/// What      All the faults of a deck, collected and shown together, each with its place and what to do.
/// Method    The format of compilers: file:line:column, the source line, a caret, a hint.
/// Parallel  local; every rank parses the same text and so fails alike.
/// Cost      -
/// Fails     throw_if_any: ReportedError with the whole text.
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "deck/node.hpp"

namespace aleator::deck {

/// A character of a key's text value, or of one entry of a list of texts; byte -1: the value as a whole.
struct TextPlace {
  int entry = 0;
  int byte = -1;
};

/// Thrown by a component that finds one of its values wrong when it is built; the deck adds the place of the key.
class KeyError : public core::UserError {
 public:
  KeyError(std::string key, const std::string& message, std::string hint = {}, TextPlace place = {})
      : core::UserError(message), key_(std::move(key)), hint_(std::move(hint)), place_(place) {}
  const std::string& key() const { return key_; }
  const std::string& hint() const { return hint_; }
  TextPlace place() const { return place_; }

 private:
  std::string key_, hint_;
  TextPlace place_;
};

/// A fault of a deck that was already shown with its place.
class ReportedError : public core::UserError {
 public:
  using core::UserError::UserError;
};

/// Faults of several blocks, told together: attempt() each, then throw_if_any().
class ReportedFaults {
 public:
  template <typename Build>
  void attempt(const Build& build) {
    try {
      build();
    } catch (const ReportedError& error) {
      add(error.what());
    }
  }
  /// ReportedError with all of them.
  void throw_if_any() const;

 private:
  void add(const std::string& fault);
  std::vector<std::string> faults_;
};

class Diagnostics {
 public:
  /// The text of a file, to quote the faulty line.
  void add_source(const std::string& origin, const std::string& text);
  void error(const Location& at, const std::string& message, const std::string& hint = {});
  /// What is no fault and yet to be said.
  void note(const Location& at, const std::string& message);
  /// In the order in which they came, each with its place.
  const std::vector<std::string>& notes() const { return notes_; }
  bool has_errors() const { return !faults_.empty(); }
  int count() const { return static_cast<int>(faults_.size()); }
  std::string text() const;
  void throw_if_any() const;

 private:
  struct Fault {
    Location at;
    std::string message, hint;
  };
  std::string source_line(const Location& at) const;
  std::map<std::string, std::vector<std::string>> sources_;
  std::vector<Fault> faults_;
  std::vector<std::string> notes_;
};

/// "did you mean 'draws'?" or empty: the nearest candidate within a third of the letters (Damerau–Levenshtein), else
/// the first that contains the word or is contained in it. Capitals and - for _ do not count.
std::string did_you_mean(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace aleator::deck
