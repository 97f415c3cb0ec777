export default function NewTemplatePage() {
  return null;
}
