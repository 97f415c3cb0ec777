export function LoginForm({ onDone }: { onDone: () => void }) {
  void onDone;
  return null;
}
