#pragma once
/// What      The menu of components: kind, name, schema and maker of each. Everything a user sees is read from here.
/// Method    Filled by one function per folder (register.cpp); no static initialisers.
/// Parallel  local.
/// Cost      -
/// Fails     InternalError when two components share a name.
#include <any>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "deck/schema.hpp"

namespace aleator::deck {

struct Component {
  std::string kind;  ///< the blocks it may fill: [kind.…]
  std::string name;  ///< type = "…"; also its place in the tree and its page in docs/reference
  std::shared_ptr<const SchemaBase> schema;
  std::any maker;  ///< Maker<Interface>; none for a block of settings
};

/// A block that was read: its component and values.
struct ParsedBlock {
  Block block;
  const Component* component = nullptr;
  std::any params;
};

class Builder;  // deck/builder.hpp

class Registry {
 public:
  /// `make(params, builder)` builds the component; it asks the builder for the blocks its params refer to.
  template <typename Interface, typename Params>
  void add(const std::string& kind, const std::string& name, Schema<Params> schema,
           std::function<std::unique_ptr<Interface>(const Params&, Builder&)> make) {
    Maker<Interface> maker = [make](const std::any& params, Builder& builder) {
      return make(std::any_cast<const Params&>(params), builder);
    };
    insert({kind, name, std::make_shared<const SchemaBase>(std::move(schema)), std::any(std::move(maker))});
  }

  /// A block of settings, without an object of its own: `[run]`.
  template <typename Params>
  void add_settings(const std::string& kind, const std::string& name, Schema<Params> schema) {
    insert({kind, name, std::make_shared<const SchemaBase>(std::move(schema)), {}});
  }

  template <typename Interface>
  static std::unique_ptr<Interface> make(const ParsedBlock& parsed, Builder& builder) {
    const auto* const maker = std::any_cast<Maker<Interface>>(&parsed.component->maker);
    ALEATOR_ASSERT(maker != nullptr);
    return (*maker)(parsed.params, builder);
  }

  const std::vector<Component>& components() const { return components_; }
  const Component* find(const std::string& name) const;
  std::vector<std::string> names(const std::string& kind) const;
  std::vector<std::string> kinds() const;
  /// How numbers in files are read where a deck names a file in the place of a list of numbers.
  void read_rows_with(RowsReader reader) { read_rows_ = std::move(reader); }
  const RowsReader& rows_reader() const { return read_rows_; }
  /// The only component of a kind whose blocks need no `type`, or null.
  const Component* settings(const std::string& kind) const;

 private:
  template <typename Interface>
  using Maker = std::function<std::unique_ptr<Interface>(const std::any&, Builder&)>;
  void insert(Component component);
  std::vector<Component> components_;
  RowsReader read_rows_;
};

}  // namespace aleator::deck
