#pragma once
/// What      What a component's block may contain, derived from its Params: each key is a member, written once.
/// Method    A list of keys, each with its type, default, unit, check and one line of help; deck reading, help,
///           reference pages, the JSON schema and resolved.toml all walk this list.
/// Parallel  local.
/// Cost      -
/// Fails     read() reports every fault to the Diagnostics; it never throws.
#include <any>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "deck/diagnostics.hpp"
#include "deck/value.hpp"

namespace aleator::deck {

/// One `[kind.name]` table of a deck.
struct Block {
  std::string kind, name, type;
  Node node;
  Location at;
  std::string label() const { return name.empty() ? "[" + kind + "]" : "[" + kind + "." + name + "]"; }
};

struct KeyInfo {
  std::string name, unit, help;
  std::string type_words, type_json;
  std::string default_text;  ///< as TOML; empty: not set
  std::string condition;     ///< ">= 2"
  std::string condition_json;
  std::string example_text;                                  ///< an allowed value as TOML
  std::vector<std::pair<std::string, std::string>> choices;  ///< value, what it means
  std::string refers_to;                                     ///< kind of the block named
  bool is_required = false;
  bool is_in_example = false;
  bool is_file = false;
};

/// What reading a block needs from outside.
struct ReadContext {
  Diagnostics& diagnostics;
  FileReader read_file;
  RowsReader read_rows;
  std::string folder;  ///< of the deck: file names are relative to it
};

class SchemaBase {
 public:
  virtual ~SchemaBase() = default;
  const std::string& title() const { return title_; }
  const std::string& source() const { return source_; }
  const std::vector<KeyInfo>& keys() const { return keys_; }
  /// The block's Params in an any.
  virtual std::any read(const Block& block, ReadContext& context) const = 0;
  /// Every key with its value as TOML (empty: not set).
  virtual std::vector<std::pair<std::string, std::string>> write(const std::any& params) const = 0;
  /// The files the block names, to be copied into the run folder.
  virtual std::vector<std::pair<std::string, File>> files(const std::any& params) const = 0;
  /// Names of blocks referred to: key, name.
  virtual std::vector<std::pair<std::string, std::string>> references(const std::any& params) const = 0;
  const KeyInfo* find(const std::string& key) const;

 protected:
  SchemaBase(std::string title, std::string source) : title_(std::move(title)), source_(std::move(source)) {}
  void report_unknown_keys(const Block& block, ReadContext& context) const;
  /// Throws InternalError for a key a deck could not use.
  void refuse_bad_key(const KeyInfo& info) const;
  /// A value of this form (# = a number) that passes the check.
  static std::string example_of(const TypeName& type, const std::string& default_text, const NumberCheck& check);
  /// At the key's value, or at the head of the block when the key is not written there.
  static void report(const Block& block, const std::string& key, ReadContext& context, const std::string& message);
  /// At a value; the hint is what the key means.
  static void report(const Block& block, const Node& value, ReadContext& context, const std::string& message,
                     const std::string& hint);
  static bool load_file(File& file, ReadContext& context);
  /// The numbers of a file in the place of a list of them, or of a list of lists: what is wrong, or empty.
  static std::string load_numbers(const std::string& path, Rows& rows, ReadContext& context);
  static std::string load_numbers(const std::string& path, std::vector<double>& numbers, ReadContext& context);
  std::vector<KeyInfo> keys_;

 private:
  std::string title_, source_;
};

template <typename Params>
class Schema : public SchemaBase {
 public:
  Schema(std::string title, std::string source) : SchemaBase(std::move(title), std::move(source)) {}

  /// The member may be one of a base of Params: keys that components share.
  template <typename T, typename Owner>
  Schema& key(const std::string& name, T Owner::*member, const std::string& unit, const std::string& help,
              NumberCheck check = {}) {
    KeyInfo info = describe_key(name, unit, help);
    const TypeName type = type_name(T{});
    info.type_words = type.words, info.type_json = type.json;
    info.condition = check.words, info.condition_json = check.json;
    info.default_text = write_value(Params{}.*member);
    info.example_text = example_of(type, info.default_text, check);
    info.is_file = std::is_same_v<T, File>;
    const std::string hint = hint_of(info);
    add(info, [name, member, check, hint](const Node& node, const Block& block, Params& params, ReadContext& context) {
      Problem problem;
      T value{};
      bool is_from_file = false;
      if constexpr (std::is_same_v<T, Rows> || std::is_same_v<T, std::vector<double>>)
        if (is_from_file = node.kind == Node::Kind::text && context.read_rows; is_from_file)
          if (const std::string fault = load_numbers(node.text, value, context); !fault.empty())
            return report(block, node, context, name + ": " + fault, hint);
      if (!is_from_file && !read_value(node, value, problem))
        return report(block, *problem.at, context, name + " " + problem.message, hint);
      std::vector<double> numbers;
      numbers_in(value, numbers);
      for (std::size_t i = 0; i < numbers.size(); ++i)
        if (check.holds && !check.holds(numbers[i])) {
          const Node& wrong = is_from_file ? node : *single_values(node)[i];
          const std::string which = is_from_file ? write_value(numbers[i]) + " of its file" : shown(wrong);
          return report(block, wrong, context, name + " = " + which + " is not allowed (" + check.words + ")", hint);
        }
      if constexpr (std::is_same_v<T, File>) {
        if (!load_file(value, context))
          return report(block, node, context, name + ": the file '" + value.path + "' cannot be read",
                        "a relative name starts from the deck's folder");
      }
      params.*member = std::move(value);
    });
    writers_.push_back([member](const Params& params) { return write_value(params.*member); });
    if constexpr (std::is_same_v<T, File>)
      files_.push_back([name, member](const Params& params) { return std::make_pair(name, params.*member); });
    return *this;
  }

  /// One of a few named values, read straight into an enum.
  template <typename E>
  struct Choice {
    std::string name;
    E value;
    std::string meaning;
  };
  template <typename E, typename Owner>
  Schema& choice(const std::string& name, E Owner::*member, const std::string& help,
                 std::vector<Choice<std::common_type_t<E>>> choices) {
    KeyInfo info = describe_key(name, "", help);
    info.type_words = "choice";
    for (const auto& choice : choices) {
      info.choices.emplace_back(choice.name, choice.meaning);
      info.type_json += (info.type_json.empty() ? R"({"enum": ["])" : R"(", ")") + choice.name;
      if (choice.value == Params{}.*member) info.default_text = write_value(choice.name);
    }
    info.type_json += R"("]})";
    info.example_text = info.default_text;
    if (info.default_text.empty()) throw core::InternalError("the default of " + name + " is none of its choices");
    const std::string meaning = hint_of(info);
    add(info,
        [name, member, choices, meaning](const Node& node, const Block& block, Params& params, ReadContext& context) {
          std::vector<std::string> names;
          for (const auto& choice : choices) {
            names.push_back(choice.name);
            if (node.kind == Node::Kind::text && node.text == choice.name) {
              params.*member = choice.value;
              return;
            }
          }
          std::string allowed;
          for (const auto& one : names) allowed += (allowed.empty() ? "" : ", ") + write_value(one);
          const std::string nearest = node.kind == Node::Kind::text ? did_you_mean(node.text, names) : "";
          report(block, node, context, name + " = " + shown(node) + " must be one of " + allowed,
                 nearest.empty() ? meaning : nearest);
        });
    writers_.push_back([member, choices](const Params& params) {
      for (const auto& choice : choices)
        if (choice.value == params.*member) return write_value(choice.name);
      return std::string();
    });
    return *this;
  }

  /// The name of another block, or a list of names.
  template <typename T, typename Owner>
  Schema& reference(const std::string& name, T Owner::*member, const std::string& kind, const std::string& help) {
    key(name, member, "", help);
    keys_.back().refers_to = kind;
    constexpr bool is_one = std::is_same_v<T, std::string>;
    keys_.back().type_words = (is_one ? "name of a [" : "names of [") + kind + (is_one ? ".…] block" : ".…] blocks");
    keys_.back().example_text = is_one ? "\"my_" + kind + "\"" : "[\"my_" + kind + "\"]";
    if constexpr (is_one) {
      if (keys_.back().default_text == "\"\"") keys_.back().default_text.clear();
      readers_.back() = [read = readers_.back(), name](const Node& node, const Block& block, Params& params,
                                                       ReadContext& context) {
        if (node.kind == Node::Kind::text && node.text.empty())
          return report(block, node, context, name + " is empty: it must name a block",
                        "leave the key out to name none");
        read(node, block, params, context);
      };
      writers_.back() = [member](const Params& params) {
        return (params.*member).empty() ? std::string() : write_value(params.*member);
      };
    }
    references_.push_back([name, member](const Params& params, std::vector<std::pair<std::string, std::string>>& out) {
      if constexpr (std::is_same_v<T, std::string>) {
        if (!(params.*member).empty()) out.emplace_back(name, params.*member);
      } else {
        for (const std::string& one : params.*member) out.emplace_back(name, one);
      }
    });
    return *this;
  }

  /// The key added last is in the example of the help page, with this value; needed only where the required keys alone
  /// make no sound block.
  Schema& example(const std::string& toml) {
    keys_.back().example_text = toml;
    keys_.back().is_in_example = true;
    return *this;
  }

  /// The key added last must be given.
  Schema& required() {
    keys_.back().is_required = true;
    keys_.back().is_in_example = true;
    keys_.back().default_text.clear();
    return *this;
  }

  /// A condition across keys: returns what is wrong, or empty; shown at `key`.
  Schema& check(const std::string& key, std::function<std::string(const Params&)> wrong) {
    checks_.emplace_back(key, std::move(wrong));
    return *this;
  }

  std::any read(const Block& block, ReadContext& context) const override {
    Params params{};
    report_unknown_keys(block, context);
    const int faults = context.diagnostics.count();
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      const Node::Entry* const entry = block.node.find(keys_[i].name);
      if (entry != nullptr) readers_[i](entry->value, block, params, context);
      if (entry == nullptr && keys_[i].is_required)
        report(block, "", context, "the key '" + keys_[i].name + "' is missing (" + hint_of(keys_[i]) + ")");
    }
    if (context.diagnostics.count() == faults)
      for (const auto& [key, wrong] : checks_)
        if (const std::string message = wrong(params); !message.empty()) report(block, key, context, message);
    return params;
  }

  std::vector<std::pair<std::string, std::string>> write(const std::any& any) const override {
    const auto& params = std::any_cast<const Params&>(any);
    std::vector<std::pair<std::string, std::string>> out;
    for (std::size_t i = 0; i < keys_.size(); ++i) out.emplace_back(keys_[i].name, writers_[i](params));
    return out;
  }

  std::vector<std::pair<std::string, File>> files(const std::any& any) const override {
    std::vector<std::pair<std::string, File>> out;
    for (const auto& file : files_)
      if (auto named = file(std::any_cast<const Params&>(any)); !named.second.empty()) out.push_back(std::move(named));
    return out;
  }

  std::vector<std::pair<std::string, std::string>> references(const std::any& any) const override {
    std::vector<std::pair<std::string, std::string>> out;
    for (const auto& collect : references_) collect(std::any_cast<const Params&>(any), out);
    return out;
  }

 private:
  using Reader = std::function<void(const Node&, const Block&, Params&, ReadContext&)>;

  static KeyInfo describe_key(const std::string& name, const std::string& unit, const std::string& help) {
    KeyInfo info;
    info.name = name, info.unit = unit, info.help = help;
    return info;
  }
  static std::string hint_of(const KeyInfo& info) {
    return info.unit.empty() || info.unit == "1" ? info.help : info.help + " [" + info.unit + "]";
  }
  void add(KeyInfo info, Reader reader) {
    refuse_bad_key(info);
    keys_.push_back(std::move(info));
    readers_.push_back(std::move(reader));
  }

  std::vector<Reader> readers_;
  std::vector<std::function<std::string(const Params&)>> writers_;
  std::vector<std::function<std::pair<std::string, File>(const Params&)>> files_;
  std::vector<std::function<void(const Params&, std::vector<std::pair<std::string, std::string>>&)>> references_;
  std::vector<std::pair<std::string, std::function<std::string(const Params&)>>> checks_;
};

}  // namespace aleator::deck
