export default function InventoriesPage() {
  return null;
}
