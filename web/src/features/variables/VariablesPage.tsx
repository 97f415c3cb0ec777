export default function VariablesPage() {
  return null;
}
