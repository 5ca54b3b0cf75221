import type { Schemas } from '../../api/client'
import { useText } from '../../kit/show'

/** Which case a dialog is about. */
export function CaseLine({ of }: { of: Schemas['SupervisionCase'] }) {
  const text = useText()
  return (
    <p className="dim">
      {of.order_number} · {text(of.product_name)} · {of.customer_name}
    </p>
  )
}
